"""The certified optimum of a convex loss over ordered pairs: arrays in, weights and a gap out."""
