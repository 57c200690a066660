"""What a reader sees: the terminal table, the HTML page, the figures and the exported rows.

Everything here is made from verdicts, the tidy series and the records alone; nothing is computed again.
"""
