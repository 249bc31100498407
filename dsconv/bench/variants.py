"""Variants of a network that are compared: files, and what axial layers would make of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from dsconv.axial import Variant
from dsconv.driver.pipeline import run_pipeline
from dsconv.errors import ModelError
from dsconv.frontends import ImportedNetwork, import_onnx
from dsconv.frontends.onnx_file.model_file import decoded, read_file


@dataclass(frozen=True)
class ModelFile:
    """A model as bytes: workers elsewhere have no such file."""

    name: str
    content: bytes

    @staticmethod
    def of(path: Path) -> ModelFile:
        """A file, weights beside it included. Raises ModelError where it is none."""
        if path.suffix == ".mlir" and path.is_file():
            return ModelFile(path.name, path.read_bytes())
        content = read_file(path)
        model = decoded(content, path)
        if path.suffix == ".onnx":
            content = model.SerializeToString()
        return ModelFile(path.name, content)

    def imported(self) -> ImportedNetwork:
        """The network in it. Raises ModelError, which names the file, where it cannot be read."""
        with TemporaryDirectory(prefix="dsconv-") as folder:
            path = Path(folder, self.name)
            path.write_bytes(self.content)
            try:
                return import_onnx(path)
            except ModelError as error:
                raise ModelError(f"{self.name}: {error}") from error


@dataclass(frozen=True)
class ComparedVariant:
    """A network: a file as it is, or with untrained axial layers for its depthwise ones."""

    name: str
    file: ModelFile
    axial: Variant | None = None

    @staticmethod
    def named(name: str, model: ModelFile) -> ComparedVariant:
        """`half` or `full` of a model, or another file: a trained student, say."""
        if name in list(Variant):
            return ComparedVariant(name, model, Variant(name))
        return ComparedVariant(Path(name).stem, ModelFile.of(Path(name)))

    def imported(self) -> ImportedNetwork:
        """The network. Raises ModelError where it has no depthwise layer to replace."""
        network = self.file.imported()
        if self.axial is None:
            return network
        module = network.module.clone()
        run_pipeline(module, f"factorise-depthwise{{variant={self.axial}}}")
        if module.is_structurally_equivalent(network.module):
            raise ModelError(
                f"{self.file.name}: no depthwise layer can become {self.name} axial ones"
            )
        return replace(network, module=module)
