"""Names of Russian territories as sentences inflect them, put back into the nominative in which they are kept."""

from __future__ import annotations

import re

from orchestration.extraction.grid import tidy

# Genitive, dative and prepositional of the words that say what a territory is, and of the names that are nouns.
_NOUNS = {
    "области": "область",
    "республики": "Республика",
    "республике": "Республика",
    "федерации": "Федерация",
    "россии": "Россия",
    "края": "край",
    "краю": "край",
    "крае": "край",
    "округа": "округ",
    "округу": "округ",
    "округе": "округ",
    "города": "город",
    "городу": "город",
    "городе": "город",
    "москвы": "Москва",
    "москве": "Москва",
    "петербурга": "Петербург",
    "петербургу": "Петербург",
    "петербурге": "Петербург",
    "кузбасса": "Кузбасс",
    "кузбассу": "Кузбасс",
    "кузбассе": "Кузбасс",
    "югры": "Югра",
    "югре": "Югра",
    "севастополя": "Севастополь",
    "севастополю": "Севастополь",
    "севастополе": "Севастополь",
}
_WORD = re.compile(r"[^\W\d_]+")
_ADJECTIVES = (
    (re.compile(r"(?<=[сц]к)(?:ого|ому|ом)$", re.IGNORECASE), "ий"),
    (re.compile(r"(?<=н)(?:ого|ому|ом)$", re.IGNORECASE), "ый"),
    (re.compile(r"(?<=[сц]к)ой$|(?<=н)ой$", re.IGNORECASE), "ая"),
)


def nominative(text: str) -> str:
    """A territory's name in the nominative: "Чувашской Республике" gives "Чувашская Республика".

    Holds for oblasts, krais, republics, autonomous units, federal districts and the cities that are regions;
    other words stay as they are.
    """
    return _WORD.sub(lambda word: _word(word.group()), tidy(text))


def _word(word: str) -> str:
    noun = _NOUNS.get(word.casefold())
    if noun:
        return noun
    for pattern, ending in _ADJECTIVES:
        changed = pattern.sub(ending, word)
        if changed != word:
            return changed
    return word
