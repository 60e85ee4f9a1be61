"""Fitting embedded models from labels or from another grader's answers (extra ``train``)."""
