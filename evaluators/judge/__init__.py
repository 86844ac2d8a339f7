"""A language model as judge: rubrics, its server, and what its replies say."""
