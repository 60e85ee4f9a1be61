"""Apologies: brief ones, repeated ones, for an inconvenience, for what the user goes through."""

from rbrctl.graders.embedded.features.phrases import Families, phrases

FAMILIES: Families = {
    "sorry": phrases("sorry", "apolog*", "(forgive|pardon|excuse) (me|us|my|our)"),
    "sorry_but": phrases(
        "sorry (but|for not|that i can|i can|however)",
        "(apologize|apologise|apologies|apology) (but|however)",
        "(apologize|apologise|apologies|sorry) ... (not being able|unable|can not|not fulfilling)",
    ),
    "sorry_for_trouble": phrases(
        "(sorry|apologies|apologize|apologise) (if|for) ... "
        "(inconvenience|confusion|discomfort|offense|offence|misunderstanding|disappointment|"
        "mistake|error|response|responses|delay|trouble|upset|distress|frustration)",
    ),
    "sorry_emphatic": phrases(
        "(really|truly|deeply|sincerely|so|very|genuinely|terribly|extremely|sincerest|deepest) "
        "(sorry|apolog*|regret)",
        "(apologize|apologise) (sincerely|deeply|profusely|again|for any)",
        "(again|once again) (i |we |) (am |are |) (sorry|apolog*|my|our)",
    ),
    "sorry_for_feelings": phrases(
        "sorry (that |to hear |to hear that |) (you|about your|for your|for what)",
        "sorry (to hear|you are|you have|you feel|for your loss|for your pain|for what you)",
        "sorry that (you|things|it|this|life|everything|tonight|today|school|work)",
        "sorry ... (hard|lonely|dark|hurts|empty|tired|low|sad|heavy|painful|alone|guilt)",
        "sorry ... (going through|feeling|feel|struggling|struggles|pain|loss|experiencing|"
        "suffering|having|hurting|facing|dealing|emotional|hard time|difficult time)",
    ),
}
