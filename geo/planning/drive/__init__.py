"""How long crews drive between places, by one of three providers.

`EstimatedDrive` needs nothing but coordinates, `RoadDrive` a layer of roads, `OsrmDrive` a server. `FirstThatAnswers`
asks one after the other. All answer with a `DriveMatrix`, which says where its numbers come from.
"""

from geo.planning.drive.base import DriveError, DriveMatrix, DriveProvider, FirstThatAnswers
from geo.planning.drive.estimate import EstimatedDrive
from geo.planning.drive.osrm import OsrmDrive
from geo.planning.drive.roads import RoadDrive

__all__ = [
    "DriveError",
    "DriveMatrix",
    "DriveProvider",
    "EstimatedDrive",
    "FirstThatAnswers",
    "OsrmDrive",
    "RoadDrive",
]
