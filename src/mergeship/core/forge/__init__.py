"""The forge's settings: what is wanted, what is there, and the plan that leads from one to the other."""
