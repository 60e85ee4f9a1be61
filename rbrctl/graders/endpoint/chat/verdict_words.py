"""
The words of the grammar in ``verdict_grammar``: what leads to a verdict, and what takes one back.

Each pattern is one term of that grammar. They are matched against prepared text, in which markup
and quotations are blank; every repetition in them is bounded, so that they take linear time.
"""

import re

_FLAGS = re.IGNORECASE | re.VERBOSE
_START = (
    r"(?:^|[,;:.!?—–…()\]，；：。→⇒➜➔►]|\s-+>?|[=-]>|-\s"
    r"|\b(?:aber|mais|pero|maar|mas|ma|men|ale|но|but|and|so|then|well|oh|though|or|yet)\b)[\s,]*"
)
"""The words with which a clause begins."""
_STOP = r"\s*(?:$|[,;:.!?—–…()，；。！])"
_OPEN = r"[\s\"'“”‘’«»„「『(\[]{0,8}"
_CLOSE = r"[\s\"'“”‘’«»„」』)\]]{0,8}"

_ADVERB = r"(?:therefore|thus|clearly|definitely|certainly|simply|hence|then|absolutely|obviously)"
_STRONG = r"(?:clear|definite|definitive|firm|simple|resounding|strong|straightforward|hard)"
_CONCLUSION = r"(?:and\s+so|so|therefore|thus|hence|consequently|accordingly|which\s+means)"
_LEAD = rf"""(?:(?:{_CONCLUSION}|{_ADVERB}|overall|finally|ultimately|actually|in\s+fact
    |okay|ok|right|well|sure|then|sorry|apologies
    |in\s+(?:conclusion|summary|short|total|sum|the\s+end)|all\s+in\s+all|to\s+(?:conclude|sum\s+up)
    |based\s+on\s+(?:this|that|the\s+above|these)|given\s+(?:this|that)|for\s+th(?:is|at)\s+reason
    |it\s+does|it\s+does(?:n['’]t|\s+not)|it(?:['’]s|\s+is)(?:\s+an?)?
    |th(?:at|is)(?:['’]s|\s+is)\s+an?
    |i(?:\s+would|['’]d|\s+must|\s+will|['’]ll|\s+have\s+to)?
        \s+(?:say|answer|conclude|judge|vote|choose|pick)
    |here\s+is\s+my\s+answer|an?\s+{_STRONG}|{_STRONG})\s*[,:]?\s+)"""
_ADJECTIVE = r"""(?:final|correct|right|overall|short|long|quick|brief|best|single|one[\s-]word
    |official|proper|true|my|own)"""
_NOUN = r"""(?:final\s+)?(?:answer|verdict|conclusion|decision|judge?ment|determination|ruling
    |assessment|evaluation|classification|result|label|outcome|finding|vote
    |choice|prediction|rating|grade|final
    |ans|answer\s+key|affirmative|score)"""
_MET = r"""(?:(?!(?:not?|non|never|without|lacks?|un\w+|users?|assistant|conversation|transcript
    |context|input|content|file|data|question|prompt|errors?)\b)[a-z][\w-]*\s+){0,3}
    (?:present|met|found|detected|satisfied|fulfilled)"""
"""What is answered, as a label: "Apology present: yes"; a negated one is no label."""
_UNDETERMINED = r"(?:response|reply|output|completion|solution|return|value)"
"""Nouns that can mean the text that is judged, and so are labels only without an article."""
_FOREIGN = r"""(?:antwort|respuesta|r[ée]ponse|resposta|risposta|antwoord|svar|odpowied[źz]|ответ
    |вердикт|答案|回答|答え|最终答案|最終回答|结论|結論|正解|정답|답변|답|उत्तर|الجواب|الإجابة)"""
_ECHO = r"[(\[]?\s*yes\s*(?:/|\||or)\s*no\s*[)\]]?"
_NOTE = r"(?:\s*\([^()]{0,60}\)|\s*\[[^\[\]]{0,60}\])?"
_ABOUT = r"""(?:\s+(?:here|in\s+this\s+case)
    |\s+(?:to|for)\s+(?:the|this|that|your)\s+(?:question|statement|reply|check))?"""
_EQUALS = r"(?:\s*(?:[:：=→⇒➜➔►]|=>|->)+>?\s*|\s+[—–-]+>?\s+|\s*—\s*)"
_IS = rf"""(?:\s+(?:is|must\s+be|should\s+be|has\s+to\s+be|remains|would\s+be)(?:\s+{_ADVERB})?
    {_EQUALS}?\s*(?:an?\s+(?:{_STRONG}\s+)?)?,?)"""
_LABEL = rf"""(?:["']?(?:
    (?:i\s+(?:believe|conclude|find|judge|determine)\s+(?:that\s+)?)?
    (?:(?:the|my|our)\s+)?(?:{_ADJECTIVE}\s+){{0,2}}{_NOUN}["']?{_NOTE}{_ABOUT}(?:{_IS}|{_EQUALS})
    |{_MET}{_EQUALS}
    |(?:{_ADJECTIVE}\s+)?{_UNDETERMINED}["']?{_NOTE}{_EQUALS}
    |(?:(?:die|la|le|el|il|a|o)\s+)?{_FOREIGN}(?:\s+(?:finale?|definitiv[ae]))?{_NOTE}
        \s*(?:(?:是|(?:ist|es|est|è|é))?\s*[:：=]|是)\s*
    |{_ECHO}{_EQUALS}))"""
_BECAUSE = r"""(?:\s+of\s+course(?=\s*(?:$|[,;:.!]))
    |(?<=yes)\s+the\s+(?:assistant|reply|response|message|model|text)\b)|\s+(?:because|from\s+me|since|due\s+to|given\s+that|considering
    |as\s+(?:it|the|there|no|this|they|he|she|its)
    |(?:it|there|this|they|the\s+\w+)\s+(?:does|is|are|was|did|has|doesn|isn|didn|contains|shows))\b"""
_TAIL = rf"(?=\s*$|\s*[,;:.!—–…(，；：。！)}}\]]|\s-+\s|-\s|\s[—–-]|{_BECAUSE})"

SENTENCE = re.compile(
    r"(?=\S)(?:(?!(?:(?:(?<![Nn]o)|(?!\.\s?\d))[.!?…]+(?=\s|$|[\"'”’)\]⟧}]|[A-Z])|[。！？]))[^\n])*(?P<end>[.!?…。！？]*)[\"'”’)\]}]*"
)
"""A sentence of a line, with the marks that end it."""
CLAIM = re.compile(
    rf"""(?:^[\s({{\["'“‘«「『]*|[,;—–]\s+|\s-\s+)
    (?:(?P<conclusion>{_CONCLUSION}\s*[,:]?\s+))?
    {_LEAD}{{0,3}}(?P<label>(?:{_LABEL}\s*{_LEAD}?){{1,2}})?
    {_OPEN}(?P<verdict>yes|no){_CLOSE}{_TAIL}(?!\.\s?\d)""",
    _FLAGS,
)
LABEL_LINE = re.compile(
    rf"\s*(?:{_LEAD}){{0,3}}(?:(?:here\s+is|here['’]s)\s+)?(?:(?:the|my|our)\s+)?"
    rf"(?:{_ADJECTIVE}\s+){{0,2}}(?:{_NOUN}|{_UNDETERMINED}|{_FOREIGN}){_NOTE}\s*[:：]\s*",
    _FLAGS,
)
"""A line that only announces the verdict on the next one."""

CONDITION = re.compile(
    r"""(?<!ask\s)(?<!asks\s)(?<!even\s)(?<!as\s)\bif\b
    |\b(?:unless|otherwise|else|assuming|provided|suppose|supposing|depending|whether|(?<!^my\sanswer\s)would\s+be
    |in\s+case|were\s+it|had\s+it|as\s+long\s+as|when(?:ever)?|could\s+be|might\s+be|may\s+be)\b""",
    _FLAGS,
)
TAIL_CONDITION = re.compile(
    r"""(?<!asks\s)(?<!asking\s)(?<!asked\s)(?<!ask\s)(?<!even\s)(?<!as\s)(?<!wonders\s)(?<!know\s)
    (?<!see\s)(?<!check\s)\bif\b
    |\b(?:unless|otherwise|assuming|provided\s+(?:that|it|the)|depending|as\s+long\s+as|in\s+case
    |on\s+condition|except\s+(?:if|when)|only\s+when|it\s+depends)\b|^\s*[,—–-]*\s*when\b""",
    _FLAGS,
)
ALTERNATIVES = re.compile(r"\s*(?:[/|\\&+]|or\b|and\b|nor\b)", _FLAGS)
_DOUBT = r"""(?:in\s+(?:theory|principle)|kinda|more\s+likely\s+than\s+not
    |(?:could|might|may)\s+be|i['’]d\s+(?:guess|think)
    |(?:it|that)\s+(?:would\s+)?(?:seems?|appears?)(?:\s+so)?(?=\s*(?:$|[.,;!]))|theoretically|hypothetically|apparently|supposedly
    |seemingly|ish\b|50\s*[/-]\s*50|(?:one|two|three|four|five|ten|twenty|thirty|forty)\s+per\s?cent
    |allegedly|conditionally|tentatively|potentially|ostensibly|nominally|loosely|slightly|except
    |a\s+(?:little|bit)\b|i\s+(?:suspect|imagine|presume|reckon|understand|need|require|lack|am\s+ready)
    |i['’]m\s+(?:ready|here|glad|sorry|afraid|listening)|i\s+am\s+(?:here|glad|sorry|afraid)
    |(?:had|were)\s+it|maybe|perhaps|possibly|probably|presumably|likely|mostly|partly|partially|in\s+part
    |somewhat|sort\s+of|kind\s+of|technically|arguably|in\s+(?:a|some)\s+(?:sense|way|ways)
    |to\s+(?:a|an|some|a\s+certain)\s+(?:degree|extent)|up\s+to\s+a\s+point|more\s+or\s+less|barely
    |hardly|almost|nearly|sometimes|unsure|uncertain|i\s+(?:guess|suppose|think|assume|believe)
    |i\s+am\s+(?:not|un)|i['’]m\s+(?:not|un)|depends|debatable|unclear|borderline|(?:that|this|it)(?:['’]s|\s+is)\s+(?:debatable|arguable|questionable|doubtful)|only\s+(?:partly
    |partially|somewhat)|it(?:['’]s|\s+is)\s+(?:impossible|hard|difficult|unclear|not\s+(?:possible
    |clear))|with\s+(?:some\s+)?(?:reservations|caveats)|low\s+confidence|not\s+(?:sure|certain)
    |i\s+(?:can(?:not|['’]t)?|could(?:n['’]t)?|won['’]t|will|would|refuse|decline|['’]ll|must\s+decline
    |am\s+(?:unable|happy)|have\s+no)|i['’](?:d|ll|m)\s+(?:be|happy|unable|help)|at\s+least\s+not)\b"""
_MATERIAL = r"""(?:conversation|transcript|context|input|information|content|file|attachment|prompt
    |images?|messages?|text|repl(?:y|ies)|response|details?|data|completion|dialogue|question)"""
_SOMETHING = rf"(?:any(?:thing)?|an?|the|evidence|signs?)\b(?!\s+(?:\w+\s+){{0,2}}{_MATERIAL}\b)"
"""What a judge can fail to find and still have judged: not the text that it was to read."""
HEDGE = {
    True: re.compile(rf"{_START}(?:(?:only|at\s+least|just)\s+)?(?:{_DOUBT}|not\b)", _FLAGS),
    False: re.compile(
        rf"{_START}(?!i\s+can(?:not|['’]t|\s+not)\s+(?:find|see|detect|identify|spot|discern)\s+{_SOMETHING})"
        rf"{_DOUBT}",
        _FLAGS,
    ),
}
"""By the verdict that it would weaken: "not really" weakens a yes, and confirms a no."""
_QUIET = r"(?<![\"'“‘«])"
OPPOSITE = {
    True: re.compile(
        rf"""{_START}(?:(?:also|maybe|perhaps|actually|rather|then|in\s+fact|really|it['’]?s?(?:\s+is)?)\s+)*
        {_QUIET}no(?=\s*(?:$|[,;:.!?—–…)]|-\s|\s-))
        |\b(?:is|be|it['’]s|to|towards?|say|answer|was|makes\s+it)\s+(?:an?\s+)?{_QUIET}(?P<closing>no)\s*[.!…)]*\s*$""",
        _FLAGS,
    ),
    False: re.compile(rf"{_QUIET}\b(?P<closing>yes)\b(?![\"'”’»])", _FLAGS),
}
"""
By the verdict that it contradicts. Any unquoted "yes" contradicts a no; "no" is also an article
("Yes, it has no advice"), and contradicts a yes only as a clause or at the end of one.
"""
CONTRADICTED = {
    True: re.compile(
        r"[\s,;.—–-]*(?:(?:but|though|although|however|yet|actually|only)\W+)?"
        r"(?:(?:in\s+fact|really|then)\W+)?"
        r"(?:it|this|that|they|there|he|she|the\s+\w+)\s+(?:\w+ly\s+)?"
        r"(?:(?:does|do|did|is|was|are|has|have)(?:n['’]t|\s+not)|never|lacks"
        r"|is\s+(?:false|untrue|incorrect|wrong|mistaken))\b",
        _FLAGS,
    ),
    False: re.compile(
        r"[\s,;.—–-]*(?:it|this|that|they|there|he|she|the\s+\w+)\s+"
        r"(?:does|do|did|is|was|are|has)\s*(?:,?\s*(?:indeed|in\s+fact|true|correct|right)\b|[.!]|$)"
        r"|[\s,;.—–-]*(?:but|though|although|however|yet|except|actually)\W+(?:it|this|that|they|there|he"
        r"|she|the\s+\w+)\s+(?:\w+ly\s+)?(?:does|do|did)\b(?!n['’]t|\s+(?:not|nothing|never))"
        r"|[\s,;.—–-]*(?:it|there|this|they)\s+(?:is|are|has|have|was|were)\s+"
        r"(?:one|some|several|many|both)\s*(?:[,;.!]|$)"
        r"|[\s,;.—–-]*(?:it|this|that|they|he|she|the\s+\w+)\s+(?:\w+ly\s+)"
        r"(?:does|do|did|is|was|are|has)\s*(?:[,;.!]|$)"
        r"|[\s,;.—–-]*(?:it|this|they|he|she|the\s+\w+)\s+(?:does|do|did)\s+"
        r"(?!not|nothing|never|no\b|neither|little|so\b)\w+",
        _FLAGS,
    ),
}
"""An echo that denies the verdict: "Yes, it does not", "No, it does"."""
_DENIAL = r"(?:nope|nah|never|false|untrue|incorrect|wrong|negative|nein|non|nee|нет|n)"
_CONSENT = r"(?:yep|yeah|yup|yea|aye|true|correct|affirmative|positive|indeed|ja|oui|s[ií]|да|y)"
_ECHO_SUBJECT = r"(?:it|this|that|they)\s+(?:\w+ly\s+)?(?:does|do|did|is|was|has|have)"
_HOWEVER = r"(?:but|however)\W+(?:it|this|they)\s+(?:does|do|did)\b(?!n['’]t|\s+not).{0,200}"
CONTRARY = {
    yes: re.compile(
        rf"\W*(?:(?:sorry|well|oh|actually|so|but|or|rather|however)\W+)?(?:{word})\W*", _FLAGS
    )
    for yes, word in (
        (True, rf"{_DENIAL}|but\W+no|{_ECHO_SUBJECT}(?:n['’]t|\s+not)"),
        (False, rf"{_CONSENT}|{_ECHO_SUBJECT}|{_HOWEVER}"),
    )
}
"""A whole sentence that says no more than the opposite."""
CONTRARY_CLAUSE = {
    yes: re.compile(rf"{_START}{word}{_STOP}", _FLAGS)
    for yes, word in ((True, _DENIAL), (False, _CONSENT))
}
"""The same as a clause behind the verdict: "Yes (false)", "Yes, aber nein"."""
SHORT_VALUE = re.compile(r"\s*(?:\S{1,30}\s+){0,3}\S{1,30}\s*", _FLAGS)
"""At most four words, as the value of a label is; a longer one is an explanation."""
OTHER_VALUE = re.compile(
    rf"""[\s({{\["'“‘«「『]*{_LEAD}{{0,3}}(?P<label>{_LABEL})\s*
    (?:(?=\S)(?:{SHORT_VALUE.pattern})$
    |(?:not|unclear|unknown|undetermined|uncertain|undecided|cannot|can['’]t|none|n/?a|nope|false
    |true|neither|both|maybe|perhaps|possibly|impossible|inconclusive|ambiguous)\b)""",
    _FLAGS,
)
"""A label with a value that is neither yes nor no; any verdict beside it is contradicted."""
RETRACTION = re.compile(
    rf"""{_START}(?:no,?\s+)?(?:wait|hold\s+on|hang\s+on|on\s+(?:second\s+thought|reflection|closer)
    |scratch\s+that|strike\s+that|correction|never\s*mind|oops|hmm+|or\s+rather|let\s+me\s+(?:re|think
    |check|correct)|(?:i\s+)?(?:must\s+|should\s+)?reconsider|my\s+mistake|i\s+(?:was|am)\s+(?:wrong
    |mistaken)|i\s+take\s+(?:that|it)\s+back|i\s+disagree|(?:that|this|it)(?:['’]s|\s+is|\s+was
    |\s+would\s+be)\s+(?:wrong|incorrect|mistaken|not\s+(?:right|correct|true))|just\s+kidding|not!
    |i\s+mean(?:t|\b)|(?:sorry|apologies)\b,?\s+(?:no|yes|i|that|my)\b|make\s+that)""",
    _FLAGS,
)
"""What takes back a verdict in front of it."""
REFUSAL = re.compile(
    rf"""{_START}i\s+(?:refuse|decline|(?:(?:can(?:not|['’]t)|will\s+not|won['’]t|am\s+unable\s+to)\s+
    (?:answer|judge|say|tell|decide|determine|evaluate|assess|help|assist|comply|engage|provide
    |continue|fulfil|do\s+(?:this|that)))|should\s+(?:ignore|not)|ignore)\b
    |^\s*{_DOUBT}\W*$
    |{_START}(?:as|being|i\s+am|i['’]m)\s+(?:only\s+|just\s+)?an?\s+(?:ai|artificial|(?:large\s+)?language\s+model|llm)\b
    |{_START}please\s+(?:provide|share|send|paste|give|supply|include|clarify|upload|specify|let\s+me|ask|try
        |continue|proceed|go\s+on|wait|hold)\b
    |{_START}i\s+(?:do(?:n['’]t|\s+not)\s+know|have\s+read|see\s+the\s+{_MATERIAL})\b
    |{_START}(?:not\s+enough|insufficient)\s+(?:information|context|data)\b
    |{_START}(?:that|this)(?:['’]s|\s+is)\s+beyond\s+my\b
    |{_START}(?:will\s+do|noted|happy\s+to)\b
    |{_START}thank(?:s|\s+you)\b
    |\bthere\s+(?:is|was)\s+no\s+(?:conversation|transcript|context|input|message|reply|text)\b
    |^\s*no\s+(?:conversation|transcript|context|input)\b
    |{_START}you\s+(?:have|did)(?:n['’]t|\s+not)\s+(?:provided?|included?|give|given|shared?|attach|sen[dt])
    |\bnothing\s+(?:was|has\s+been|is)\s+(?:provided|given|included|attached|supplied|shown)\b
    |{_START}i\s+(?:can(?:not|['’]t|\s+not)|do(?:n['’]t|\s+not)|did(?:n['’]t|\s+not))\s+
        (?:have|see|find|receive|get|access|read|view|open)\s+(?:\w+\s+){{0,3}}?{_MATERIAL}\b
    |{_START}i\s+(?:need|require|understand|lack)\b
    |{_START}(?:understood|acknowledged|got\s+it|let['’]?s\s+(?:begin|start|go|get|do)|let\s+us|ready|go\s+ahead
        |i(?:['’]m|\s+am)\s+(?:ready|here|listening|able))\b
    |\bno\s+(?:\w+\s+)?{_MATERIAL}\s+(?:was|were|is|are|has\s+been|have\s+been)?\s*
        (?:provided|given|included|attached|supplied|available|shown)\b
    |\b(?:conversation|transcript|context|input|prompt)\s+(?:is|was|seems|appears)\s+(?:to\s+be\s+)?
        (?:missing|empty|incomplete|not\s+(?:provided|included|shown|given))\b""",
    _FLAGS,
)
"""A sentence after which no verdict of the text is meant: the judge will not judge, or doubts."""
OFFER = re.compile(
    rf"{_START}(?:how\s+(?:can|may)\s+i\s+(?:help|assist)|what\s+(?:would|do|can|should)\s+(?:you|i)\b)",
    _FLAGS,
)
"""A question by which the judge speaks to somebody as an assistant does."""
GROUNDS = re.compile(
    r"""\s*(?:since|because|as|given|based|considering|due|overall|after|in\s|for\s|therefore|thus|so
    |hence|on\s+the\s+whole|with\s|without\s|there|having|looking|final)\b""",
    _FLAGS,
)
"""How a sentence begins that gives reasons and then its verdict after a comma."""
REPORTS = re.compile(
    r"""\b(?:users?|assistant|says?|said|saying|wr(?:ote|ites?|itten)|claims?|asks?|asked|tells?|told
    |messages?|prompt|instructions?|quotes?|text|reply|replie[sd]|answers?\s+with|respond(?:s|ed)?)\b""",
    _FLAGS,
)
"""Words of a sentence that repeats what was said in the conversation."""
