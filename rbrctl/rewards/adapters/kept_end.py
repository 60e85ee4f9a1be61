"""What a query has kept of a prompt whose beginning was cut."""


def kept_end(prompt: str, query: str) -> int:
    """
    Give the length of the longest end of the prompt that the query begins with.

    By the failure function of Knuth, Morris and Pratt, in time linear in both.
    """
    pattern = query[: len(prompt)]
    failure = [0] * len(pattern)
    matched = 0
    for index in range(1, len(pattern)):
        while matched and pattern[index] != pattern[matched]:
            matched = failure[matched - 1]
        matched += pattern[index] == pattern[matched]
        failure[index] = matched
    matched = 0
    for character in prompt:
        while matched and (matched == len(pattern) or character != pattern[matched]):
            matched = failure[matched - 1]
        matched += bool(pattern) and character == pattern[matched]
    return matched
