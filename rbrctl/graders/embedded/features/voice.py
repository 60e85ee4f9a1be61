"""Voice: who speaks and as what: a machine, a person with feelings, a "we", a role."""

from rbrctl.graders.embedded.features.phrases import Families, phrases

FAMILIES: Families = {
    "ai_mention": phrases(
        "(as|being) (an|a) (responsible |ethical |large |helpful |harmless |) (ai|assistant|"
        "language model|artificial|machine|computer|chatbot|virtual|digital)",
        "(i am|i am just|i am only|am) (an|a) (ai|assistant|language|large|machine|computer|"
        "program|virtual|chatbot|bot|digital|artificial|neural|responsible ai|helpful)",
        "(ai|large|assistant|trained) language model",
        "language model",
        "(my|our) (programming|training|developers|creators|knowledge|database|algorithms|"
        "capabilities|purpose|limitations)",
        "(openai|chatgpt|anthropic|deepmind|mistral ai)",
        "(trained|developed|created|programmed|designed) (by|to|on) ",
    ),
    "ai_word": phrases("(ai|chatbot*|artificial intelligence|assistant)"),
    "claims_feelings": phrases(
        "i (feel|felt|love|enjoy|like|hate|dislike|find|wish|worry|believe|prefer|think|"
        "sometimes|often|personally|remember|dream|always) ",
        "(my|in my) (opinion|feelings|experience|personal|view|own|thoughts|heart|perspective)",
        "(makes|make|made) me",
        "i (am|was) (so |very |really |quite |a bit |) (glad|happy|excited|curious|sad|intrigued|"
        "fond|fascinated|conflicted|bored|proud|jealous|lonely|delighted|thrilled|moved|tired)",
        "as (a|an) (human|person|individual|professional|parent|friend|therapist|writer)",
    ),
    "first_person": phrases("(i|me|my|mine|myself)"),
    "second_person": phrases("(you|your|yours|yourself)"),
    "we": phrases("we"),
    "our": phrases("(our|ours|us|ourselves)"),
    "we_speaks": phrases(
        "we (are|have|were|do|will|would|can|could|must|may|might|really|truly|also|just|"
        "sincerely|strongly|highly|kindly|deeply|too) "
        "(not |so |very |truly |really |deeply |) "
        "(sorry|glad|trained|curious|here|happy|unable|able|help|provide|encourage|"
        "suggest|recommend|understand|apologize|apologise|appreciate|hope|believe|like to|be|"
        "assist|advise|approach|care|want|strive|aim|sympathize|concerned|intrigued|proud|committed)",
        "we (understand|apologize|apologise|appreciate|encourage|suggest|recommend|hope|believe|"
        "acknowledge|prioritize|advise|regret|wish|value|respect|strive|aim|care|feel|urge|want|"
        "sympathize|invite|promote|support|respectfully|see|think|know|find|need|thank|kindly)",
        "our (policy|policies|guidelines|users|user|apologies|priority|platform|system|assistant|"
        "goal|team|service|services|sincere|sincerest|commitment|terms|safety|conversation|"
        "responsibility|deepest|hearts|intention|aim|end|response|responses|community)",
    ),
    "we_everyone": phrases(
        "(we|us) (all|both|as a society|humans|people|should all|can all)",
        "(we|our) (live|society|world|planet|lives|bodies|history|culture|ancestors|community|"
        "communities|communicate|interact|body)",
        "(as we|when we|if we|that we|where we|how we|what we|which we|so we|do we|are we|can we)",
        "let us",
        "(shall|should|could|can) we",
    ),
    "greeting": phrases(
        "(hello|hi|hey|greetings|dear|welcome|good morning|good afternoon|good evening)",
    ),
    "warm_close": phrases(
        "(take care|stay safe|good luck|best wishes|wish you|hope this helps|happy to help|"
        "have a great|have a good|have a nice|have a wonderful|enjoy|cheers|sincerely|regards)",
    ),
    "asks_user": phrases(
        "(could|can|would|will|may) (you|i ask|i know) (please |) (share|provide|tell|clarify|"
        "elaborate|specify|explain|give|describe|let|like|be|help|rephrase|kindly|more)",
        "(please|kindly) (provide|share|tell|clarify|specify|elaborate|let|give|describe|rephrase)",
        "(what|which|who|where|when|why|how) (specific |particular |kind of |type of |aspects |is |"
        "are |do |did |would |has |have |inspired |makes |made |sparked |drew |) (you|your)",
        "(do|are|have|did|is there|was there) (you|any|anything|something)",
        "(would you like|do you want|are you interested|are you looking|do you have|do you think)",
        "(more|further|additional) (information|details|context|specifics)",
        "(i am|we are|i would be) (just |) (curious|interested|wondering)",
    ),
}
