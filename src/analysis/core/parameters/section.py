"""What every section of the parameters has in common."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A group of parameters. Unknown keys are refused; values are frozen once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)
