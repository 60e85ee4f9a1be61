"""Drawing outcomes as text, json, csv, markdown, github, sarif and junit; no arithmetic here."""
