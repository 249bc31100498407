"""Training of axial students by scaffolding (NOS), from ONNX to ONNX, with torch.

    network = OnnxModule(onnx.load("float.onnx"))
    scaffold = Scaffold(network.model, Variant.HALF, images)
    fit(scaffold, loader, Recipe(epochs=60), teacher=network)
    student = scaffold.collapsed()
    recalibrate(student, [images])
    onnx.save(student.to_onnx(), "student.onnx")

All are torch modules: they serve in a loop of your own as well. Importing this package raises
DsconvError where torch is not installed.
"""

from dsconv.errors import DsconvError

try:
    import torch as torch
except ImportError as error:
    raise DsconvError(
        "training needs PyTorch: pip install 'dsconv-compiler[train]' (for one without CUDA, first "
        "pip install torch --index-url https://download.pytorch.org/whl/cpu)"
    ) from error

from dsconv.training.loop import Epoch, Recipe, accuracy, fit
from dsconv.training.module import OnnxModule, recalibrate
from dsconv.training.scaffold import Scaffold
from dsconv.training.supernet import Supernet

__all__ = [
    "Epoch",
    "OnnxModule",
    "Recipe",
    "Scaffold",
    "Supernet",
    "accuracy",
    "fit",
    "recalibrate",
]
