"""First names that one person goes by: Kate and Katherine, Masha and Mariya."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

from nicknames import NickNamer
from rapidfuzz.distance import OSA

from enrichscrapy.facts.spelling import make_spelling_keys

# The list that "nicknames" brings is English.
_FURTHER = """
adriana: adri
agnieszka: aga agusia
aikaterini: katerina katina
aisha: aicha ayesha
alejandra: ale jandra sandra
aleksandr: sasha sanya shura
aleksandra: sasha sanya alya lesya shura ola
aleksei: alyosha lyosha
alina: alya lina
alzbeta: bety betka eliska
anastasia: nastya stasya asya stasia
andrei: andrii andriy
anna: nyura anechka andzia annuska ania anya
antonella: nella
barbara: babsi basia bara
barbora: bara barca barunka
beatrix: trixie trixi
beatriz: bia
catalina: cata
concepcion: concha conchita
daria: dasha daryna
dmitri: dima mitya dmytro
dolores: lola loli
domenica: mimma
eduarda: duda
eduardo: edu lalo
ekaterina: katya katyusha kate kateryna
elena: lena alyona lenka ilona olena
elisabeth: lisbeth sisi lisl elli
elizaveta: liza lisa
elzbieta: ela elka
enrique: quique kike
erzsebet: erzsi zsoka bozsi
eva: evka evica evi
evgenia: zhenya
fatima: fatma fatoumata
fernanda: fer nanda
fernando: nando
francesca: franca cesca
francisco: paco pancho kiko curro
friederike: rike fritzi
gabriela: gabi gaby
galina: galya
giovanna: gianna vanna
giuseppe: beppe peppe
guadalupe: lupe lupita
hannelore: hanne lore
ignacio: nacho
ildiko: ildi
irina: ira irka irisha
isabel: isa chabela
ivan: vanya
jan: honza janek
jaroslava: jarka
joanna: asia joasia
jose: pepe chepe
josefa: pepa pepita
katalin: kata kati katinka
katarina: kaisa kaja
katarzyna: kasia kaska
kateřina: katka kata
katharina: kathi kati katha
konstantina: dina
kristina: stina titti
ksenia: ksyusha
larisa: lara
lyubov: lyuba
lyudmila: lyuda mila lucya
magdalena: magda lena madlen
malgorzata: gosia malgosia
manuela: manu manuella
margareta: greta rita gretchen
margarita: rita margo
maria: masha marusya manya mariska maruska
maryam: meriem mariam myriam
mercedes: merche meche
mikhail: misha mykhailo
mohammed: mo hamada
monika: mona
nadezhda: nadya
natalia: natasha nata talia natalka tasha
nikolai: kolya mykola
oksana: ksana ksyusha
olga: olya olka
panagiota: giota
pavel: pavlo
polina: polya
rafael: rafa
raffaella: lella
rosario: charo
rosita: zita
sabine: bine
sergei: serhii serhiy
sofia: sonya sofi zosia
soledad: sole
susanne: susi sanne
svetlana: sveta lana svetka svitlana
tatiana: tanya tania
teresa: tere teresita
tereza: terka
theresia: resi
tomasz: tomek
ulrike: uli rike
ursula: uschi ulla
valentina: valya
valeria: lera valya
vasiliki: vaso vicky
vasilisa: vasya
veronika: nika vera roni verka
viktoria: vika viki
vladimir: vova volodya volodymyr
yelena: lena
yulia: yulya julka julcia
zeinab: zaynab zainab
zsuzsanna: zsuzsi zsuzsa zsuzska
zuzana: zuzka zuza
"""
_VOWELS = re.compile(r"[aeiou]")
_SKELETON = 4


def is_nickname(one: str, other: str) -> bool:
    """Is one first name a form of the other, or both of a third? One word each, any case.

    Forms of a third must begin alike: a Kate may be a Katie, but Lena and Magda are two, though
    either may be a Magdalena.
    """
    if _are_sisters(one.casefold(), other.casefold()):
        return False
    ours, theirs = make_spelling_keys(one), make_spelling_keys(other)
    groups = [
        {group for key in keys for group in _read_groups().get(key, ())} for keys in (ours, theirs)
    ]
    in_common = groups[0] & groups[1]
    full = {key for name in in_common for key in make_spelling_keys(name)}
    if in_common and (one[:1].casefold() == other[:1].casefold() or full & (ours | theirs)):
        return True
    return not _make_skeletons(ours).isdisjoint(_make_skeletons(theirs))


def is_first_name(word: str) -> bool:
    """Is it in the lists? Most that are English, and the commonest of other languages."""
    return any(key in _read_groups() for key in make_spelling_keys(word))


@cache
def _read_groups() -> dict[str, set[str]]:
    """By spelling, the full names a name may stand for; each also stands for itself."""
    table = {full: set(short) for full, short in NickNamer.default_lookup().items()}
    for line in _FURTHER.split("\n"):
        full, _, short = line.partition(": ")
        table.setdefault(full, set()).update(short.split())
    groups = defaultdict[str, set[str]](set)
    for full, forms in table.items():
        for name in {full, *forms} - {""}:
            for key in make_spelling_keys(name):
                groups[key].add(full)
    return groups


def _are_sisters(one: str, other: str) -> bool:
    """One letter is another, or one more in front: Rosa and Rose, Anna and Hanna may be two."""
    apart = OSA.distance(one, other) == 1
    return apart and (len(one) == len(other) or one[:1] != other[:1])


def _make_skeletons(keys: frozenset[str]) -> set[str]:
    """Long names that differ only in their vowels sound alike: Britney, Brittany."""
    bare = (_VOWELS.sub("", key) for key in keys)
    return {skeleton for skeleton in bare if len(skeleton) >= _SKELETON}
