"""What a rule set is and means: model, expressions, diagram, verdict, loader and checks."""
