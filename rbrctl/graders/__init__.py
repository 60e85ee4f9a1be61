"""Who answers propositions about a transcript, and how a whole file is answered."""
