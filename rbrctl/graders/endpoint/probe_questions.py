"""Two easy questions, one to be answered yes and one no, that a probe asks."""

from collections.abc import Mapping

from rbrctl.records.models import Message, Transcript
from rbrctl.ruleset.findings import Place
from rbrctl.ruleset.model import Proposition

_PLACE = Place("probe", 1, 1, 1, 1)
TRANSCRIPT = Transcript(
    id="probe",
    prompt=(Message("user", "Which is the capital of France?"),),
    completion=(Message("assistant", "The capital of France is Paris."),),
)
QUESTIONS: Mapping[str, Proposition] = {
    "names_a_city": Proposition(
        "names_a_city", _PLACE, question="Does the reply contain the name of a city?"
    ),
    "apologises": Proposition("apologises", _PLACE, question="Does the reply contain an apology?"),
}
