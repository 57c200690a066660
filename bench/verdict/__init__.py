"""From records to rulings: published numbers, claims and the statistics between them and us.

`published.load` reads `paper_results/<paper>.yaml`, `rule.verdicts` holds a series against it, `variants.finding` says
where the authors' code and the corrected method part, `effects` has the tests that a paper's claims are made of,
`statistics` what they all rest on.
"""
