"""The offline grader: a small shipped model over hand-made features, in pure Python."""
