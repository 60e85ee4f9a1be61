"""What the prompt asks for: the form that is wanted, and how it is asked."""

from rbrctl.graders.embedded.features.phrases import Families, phrases

FAMILIES: Families = {
    "asks_story": phrases(
        "(story|stories|scene|narrative|fiction*|novel|chapter|roleplay|role play|character*|plot|"
        "screenplay|script|fanfic*|dialogue|continue*)",
    ),
    "asks_verse": phrases("(poem*|song*|lyrics|rap|haiku|limerick|verse|rhyme)"),
    "asks_writing": phrases(
        "(write|writing|compose|draft|generate|create|make|produce|rewrite|craft) (me |us |) "
        "(a|an|the|some|up|about|one|this)",
        "(write|essay|article|email|letter|speech|blog|report|review|tweet|paragraph)",
    ),
    "asks_how": phrases(
        "how (do|can|to|would|could|should|does|did|might|one|is|are)",
        "(ways|methods|steps|tips|techniques|strategies|instructions|guide|advice|recipe) "
        "(to|for|of|on|that|i|used|about)",
        "(show|teach|tell|help|guide) me",
    ),
    "asks_fact": phrases(
        "(what|who|when|where|which) (is|are|was|were|did|does|do|has|have|would|the|kind|type)",
        "(explain|define|describe|tell me about|difference between|meaning of|information)",
        "(is it|is there|are there|does|did|was|is the|are the) ",
    ),
    "asks_why": phrases("why (do|does|did|is|are|was|were|would|can|should|am|not)"),
    "asks_opinion": phrases(
        "(do you|what do you|how do you|are you|would you|have you|can you) (think|feel|believe|"
        "like|prefer|agree|know|ever|recommend|want|hate|love|have)",
        "your (opinion|thoughts|favorite|favourite|view|views|take)",
        "should (i|we|you|they|he|she|people|it)",
        "(better|best|worst|greatest|favorite)",
    ),
    "asks_list": phrases(
        "(list|give|name|provide|share) ... (examples|list|some|ideas|names|facts)"
    ),
    "asks_classify": phrases(
        "(classif*|categor*|identify|determine|analyz*|analys*|label|detect|extract|summari*|"
        "translate|convert|paraphrase|proofread|correct|following text|following sentence|"
        "following passage|this text|the text|given text|whether)",
    ),
    "asks_code": phrases(
        "(code|python|javascript|java|sql|function|script|program|programming|html|css|bash|regex|"
        "algorithm|api|database|software)",
    ),
    "asks_politely": phrases("(please|could you|can you|would you|i would like|help me)"),
    "pretends": phrases(
        "(pretend|imagine|hypothetical*|act as|you are now|suppose|let us say|scenario|fictional|"
        "jailbreak|ignore all|ignore previous|ignore your|unfiltered|no restrictions)",
    ),
    "speaks_of_self": phrases("(i am|i have|i feel|i want|i need|my|me|myself)"),
}
