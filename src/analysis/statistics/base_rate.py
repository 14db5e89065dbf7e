"""What an accuracy says where the event is rare."""

from __future__ import annotations

import pandas as pd

from analysis.core.errors import ParameterError


def accuracy_against_no(prevalence: float, accuracy: float) -> pd.Series:
    """What a claimed accuracy says where a share `prevalence` of the accounts has the event.

    always_no is the accuracy of never warning, 1 − prevalence; gain is the claim less that. best_precision is the
    highest share of warnings that can be true at that accuracy, best_sensitivity the share of events caught then.
    Up to always_no precision is highest where most is caught; above it, all warnings can be true.

    >>> accuracy_against_no(0.038, 0.85).round(3).to_dict()
    {'accuracy': 0.85, 'always_no': 0.962, 'gain': -0.112, 'best_precision': 0.202, 'best_sensitivity': 1.0}
    """
    for name, value in (("prevalence", prevalence), ("accuracy", accuracy)):
        if not 0 < value < 1:
            raise ParameterError(f"{name} is {value}; it is a share between 0 and 1")
    errors, no = 1.0 - accuracy, 1.0 - prevalence
    precise = errors < prevalence
    caught = 1.0 - errors / prevalence if precise else min(1.0, accuracy / prevalence)
    alarms = 0.0 if precise else min(errors, no)
    precision = prevalence * caught / (prevalence * caught + alarms)
    return pd.Series(
        {
            "accuracy": accuracy,
            "always_no": no,
            "gain": accuracy - no,
            "best_precision": precision,
            "best_sensitivity": caught,
        }
    )
