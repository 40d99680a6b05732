"""Made-up names. No part is taken from a list of players; the combinations are many enough that namesakes are rare by chance."""

from typing import Final

import polars as pl

from pipeline.sources.sample.draws import Draws


def _words(*lines: str) -> list[str]:
    return " ".join(lines).split()


_FIRST_STARTS: Final = _words(
    "Bran Kel Tor Mal Der Jav Quin Zan Lor Tav Cor Dal Fen Gar Hol Jor Kam Lan Mar Nev Or Per Rav Sel Tren Ver Wes Xan Yor Ald",
    "Bev Cas Dev Ez Fal Gil Har Ib Jas Kov",
)
_FIRST_ENDS: Final = _words("ton vin rick shawn dell ario eus ander iel mond rell quan son vaughn tavius len ard ien ôn é")
_LAST_STARTS: Final = _words(
    "Ash Bar Black Bram Brook Cald Carr Cobb Cran Dagg Darn Dun Eller Fair Fern Fitch Gar Glen Gran Had Hale Harg Hart Haver Hol",
    "Hux Ing Kell Kend Kirk Lang Lath Lind Lock Mar Mead Mor Nash Nor Oak Orm Pem Pres Quill Rad Ram Red Ren Ros Rud Sand Sel",
    "Shel Skel Stan Strat Sud Tal Thorn Til Tur Und Vand Wake Wal War Wel Whit Wil Win Wood Wor Yard York",
)
_LAST_ENDS: Final = _words(
    "bank beck bourne bridge by cliffe combe cott croft dale den dorf ell er ett field ford gate good ham haven hold hurst ing",
    "ingham ington kamp land lane ley lin low man mere mire mont more ner ney ock ow rick ridge sall sen shaw sley smith son stad",
    "stead ster stock stone strand ström tham thwaite ton vale ven view wald ward water way well wick win wold wood worth yer",
)
#: Turns of a surname that exercise what real ones do: apostrophes, particles, hyphens.
_SURNAME_TURNS: Final = ("O'", "D'", "Mc", "St. ")
_GENERATIONS: Final = ("Jr.", "Jr.", "Jr.", "III", "II", "IV")


def _joined(starts: list[str], ends: list[str]) -> pl.Series:
    """Join every start with every end, except where a letter would repeat three times or a name would occur twice."""
    names = dict.fromkeys(start + end for start in starts for end in ends if start[-1] != end[0])
    return pl.Series(list(names), dtype=pl.String)


FIRST_NAMES: Final = _joined(_FIRST_STARTS, _FIRST_ENDS)
LAST_NAMES: Final = _joined(_LAST_STARTS, _LAST_ENDS)
#: Distinct plain names; a class gets an own stretch of them, so that chance makes no namesakes inside a class.
COMBINATIONS: Final = FIRST_NAMES.len() * LAST_NAMES.len()


def _spread(numbers: pl.Series, seed: int) -> tuple[pl.Series, pl.Series]:
    """Return positions in FIRST_NAMES and LAST_NAMES: a one-to-one shuffle of the numbers 0..COMBINATIONS-1."""
    first, last = numbers % FIRST_NAMES.len(), numbers // FIRST_NAMES.len()
    last = (last + Draws(seed, first).below("last name", LAST_NAMES.len())) % LAST_NAMES.len()
    first = (first + Draws(seed, last).below("first name", FIRST_NAMES.len())) % FIRST_NAMES.len()
    last = (last + Draws(seed, first).below("last name again", LAST_NAMES.len())) % LAST_NAMES.len()
    return first, last


def full_names(numbers: pl.Series, seed: int) -> pl.Series:
    """Return the name for each number (Int64, any size); within COMBINATIONS different numbers have different names."""
    first, last = _spread(numbers % COMBINATIONS, seed)
    turn = Draws(seed, numbers)
    frame = pl.DataFrame(
        {
            "first": FIRST_NAMES.gather(first),
            "last": LAST_NAMES.gather(last),
            "other": turn.choice("second surname", LAST_NAMES),
            "turn": turn.choice("turn", pl.Series(_SURNAME_TURNS)),
            "generation": turn.choice("generation", pl.Series(_GENERATIONS)),
            "kind": turn.below("kind", 1_000),
        }
    )
    kind = pl.col("kind")
    surname = (
        pl.when(kind < 25).then(pl.concat_str("turn", "last")).when(kind < 45).then(pl.concat_str("last", pl.lit("-"), "other"))
    ).otherwise("last")
    plain = pl.concat_str("first", pl.lit(" "), surname)
    with_generation = pl.concat_str(plain, pl.lit(" "), "generation")
    return frame.select(pl.when(kind >= 960).then(with_generation).otherwise(plain).alias("name")).to_series()


def other_spelling(names: pl.Series) -> pl.Series:
    """Spell the names as a second source would: without accents and generation."""
    text = names.str.replace(r" (?:Jr\.|II|III|IV)$", "")
    for accented, plain in (("é", "e"), ("ô", "o"), ("ö", "o")):
        text = text.str.replace_all(accented, plain, literal=True)
    return text
