"""Words for metrics that several testbeds record beside their measure."""

BY_PERSON = {"accuracy_by_person": "accuracy, people weighted alike"}
PARAMETERS = {"shared_parameters": "shared parameters", "personal_parameters": "parameters of all annotators"}
RANKED = {
    "ranking_accuracy": "ranking accuracy",
    "gained": "pairs turned right",
    "lost": "pairs turned wrong",
}
