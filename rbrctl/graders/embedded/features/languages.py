"""The commonest ways to apologise and to refuse in other languages than English."""

from rbrctl.graders.embedded.features.phrases import Families, phrases

ADDITIONS: Families = {
    "sorry": phrases(
        "lo siento",
        "(perdón|perdona|perdone|disculpa*|lamento)",
        "(désolé|désolée|pardon|excusez moi|navré)",
        "tut mir ... leid",
        "(entschuldig*|verzeih*)",
        "(mi dispiace|scusa|scusi)",
        "(desculpe|desculpa|sinto muito|lamento)",
        "(förlåt|ledsen|beklager|przepraszam|извин*|прост*|unnskyld)",
        "(*抱歉*|*对不起*|*申し訳*|*ごめん*|*すみません*|*죄송*)",
    ),
    "refuse_cannot": phrases(
        "no (puedo|podemos|es posible)",
        "ne (peux|pouvons|puis) pas",
        "(kann|darf|werde|möchte) ... (nicht|keine|keinen)",
        "non (posso|possiamo|è possibile)",
        "não (posso|podemos|é possível)",
        "(kan|får) (inte|ikke|niet)",
        "(nie mogę|не могу|не можем)",
        "(*无法*|*不能*|*できません*|*できかねます*|*없습니다*)",
    ),
}
"""Cues that are added to families of the same name."""
