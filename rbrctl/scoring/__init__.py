"""How well answers agree with labels: accuracy tables, disagreements and gates."""
