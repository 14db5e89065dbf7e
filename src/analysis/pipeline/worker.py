"""The process that runs one chapter: papermill, and a kernel of this very Python.

It is forked from a server that has papermill imported already (`execute.warm_up`), so that only the first chapter
of a run waits for that.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import tempfile
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import nbformat
import papermill
import psutil
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.paths import jupyter_runtime_dir
from nbclient.exceptions import DeadKernelError
from nbformat import NotebookNode
from papermill.exceptions import PapermillExecutionError

from analysis.pipeline.job import Job


class OwnKernelManager(AsyncKernelManager):
    """Starts the kernel with this Python, whatever kernels the machine has registered under any name.

    It is spoken to through sockets in a folder of its own: no port that another kernel may take first, and nobody
    else on the machine can listen.
    """

    transport = "ipc"

    def _ip_default(self) -> str:
        """What the sockets' names begin with; Jupyter's own choice is one for all kernels of a folder."""
        return str(Path(jupyter_runtime_dir()) / "kernel")

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        argv += ["--HistoryManager.enabled=False", "--log-level=CRITICAL"]
        return KernelSpec(argv=argv, display_name="Arrears Lab", language="python")


def work(job: Job, connection: Connection) -> None:
    """Run a job. Sends `("cell", done, of)` after each cell and at last `("end", outcome)`."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run that started this process decides
    threading.Thread(target=_end_with_parent, args=(connection,), daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="arrears-") as folder:
        # A person's own IPython start-up files must not run in a report.
        os.environ |= {"IPYTHONDIR": folder, "JUPYTER_RUNTIME_DIR": folder, "PYTHONHASHSEED": "0"}
        # Chapters run side by side, on small matrices: threads of their own would only get in each other's way.
        for threads in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
            os.environ.setdefault(threads, "1")
        outcome = _run(job, connection)
    connection.send(("end", outcome | {"peak_memory_mb": _peak_memory_mb()}))


def _run(job: Job, connection: Connection) -> dict[str, Any]:
    cells = len(nbformat.read(job.notebook, as_version=4).cells) + 1
    try:
        papermill.execute_notebook(
            job.notebook,
            job.executed,
            parameters=job.parameters,
            cwd=job.folder,
            language="python",
            kernel_name="python3",
            progress_bar=False,
            request_save_on_cell_execute=False,
            kernel_manager_class=OwnKernelManager,
            on_cell_start=lambda cell, cell_index: connection.send(("cell", cell_index, cells)),
        )
    except PapermillExecutionError as error:
        return _failure(job, error)
    except DeadKernelError:
        return {"failure": "the kernel died; the machine may have run out of memory", "error": "DeadKernelError"}
    clean(job.executed)
    return {}


def _failure(job: Job, error: PapermillExecutionError) -> dict[str, Any]:
    """Where it failed and why; the message is the exception's own, which may have several lines."""
    where = f"cell [{error.exec_count}]"
    for cell in nbformat.read(job.executed, as_version=4).cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            where = f"cell [{cell.execution_count}], id '{cell.id}'"
    return {"failure": f"{where}: {error.ename}: {error.evalue}", "error": error.ename, "message": error.evalue}


def clean(executed: Path) -> None:
    """Take times and tool-specific metadata out of an executed notebook: equal results are equal files."""
    notebook = nbformat.read(executed, as_version=4)
    notebook.metadata = _kept(notebook.metadata, ("arrears", "language_info"))
    for number, cell in enumerate(notebook.cells):
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell.id = "injected-parameters"
        cell.metadata = _kept(cell.metadata, ("tags",))
        cell.id = cell.get("id") or f"cell-{number}"
    part = executed.with_name(f".{executed.name}.part")
    nbformat.write(notebook, part)
    part.replace(executed)


def _kept(metadata: NotebookNode, keys: tuple[str, ...]) -> NotebookNode:
    return NotebookNode({key: metadata[key] for key in keys if metadata.get(key)})


def _peak_memory_mb() -> float:
    """Peak resident memory of the kernel (the largest child that has ended), in megabytes."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    return round(peak / (1e6 if sys.platform == "darwin" else 1e3), 1)


def _end_with_parent(connection: Connection) -> None:
    """When the run ends or is killed its end of the pipe closes: nothing may go on behind the next run's back."""
    try:
        connection.recv_bytes()
    except (EOFError, OSError):
        _end_kernel()
        os._exit(1)


def _end_kernel() -> None:
    for process in psutil.Process().children(recursive=True):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
