"""Features, weights and rewards made of answers, and the trainers' adapters."""
