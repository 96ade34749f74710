"""How a result is shown: sections for eyes (terminal, HTML), one JSON document, sentences. Decides nothing."""
