"""Networks to try: those of the paper and two of full width, quantised; float mobile networks."""

from dsconv.zoo.mobile_networks import MOBILE_NETWORKS as MOBILE_NETWORKS
from dsconv.zoo.paper_networks import FULL_WIDTH as FULL_WIDTH
from dsconv.zoo.paper_networks import INPUT as INPUT
from dsconv.zoo.paper_networks import NETWORKS as NETWORKS
from dsconv.zoo.paper_networks import Conv as Conv
from dsconv.zoo.paper_networks import Depthwise as Depthwise
from dsconv.zoo.paper_networks import Floats as Floats
from dsconv.zoo.paper_networks import build as build
from dsconv.zoo.paper_networks import calibration_input as calibration_input
