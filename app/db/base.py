"""The base class of all models, and the types that they share."""

from datetime import datetime
from typing import Annotated, ClassVar

from sqlalchemy import BigInteger, DateTime, MetaData, SmallInteger, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, mapped_column

BigInt = Annotated[int, mapped_column(BigInteger)]
SmallInt = Annotated[int, mapped_column(SmallInteger)]


class Base(DeclarativeBase):
    """What all models share: the names of constraints, and how Python types are stored."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar = {str: Text, datetime: DateTime(timezone=True), dict[str, float]: JSONB}
