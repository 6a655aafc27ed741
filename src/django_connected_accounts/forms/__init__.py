"""What people fill in: a post, its media, a time, a choice. Refusals land beside their field."""

from .choosing import ChooseForm, FilterForm, LinkForm
from .coded import Form
from .differing import DifferingForm
from .options import worded
from .posting import MediaForm, PostForm
from .queueing import QueueForm
from .repeating import RepeatForm
from .times import TimeForm
from .zones import ZoneSelect

__all__ = [
    "ChooseForm",
    "DifferingForm",
    "FilterForm",
    "Form",
    "LinkForm",
    "MediaForm",
    "PostForm",
    "QueueForm",
    "RepeatForm",
    "TimeForm",
    "ZoneSelect",
    "worded",
]
