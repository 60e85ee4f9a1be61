"""The forms of transcripts that can be read: one module a form, recognised by a row's content."""
