"""A small lake with link runs made by hand, and a receiver that can misbehave."""

import datetime as dt
import hashlib
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from deltalake import write_deltalake

from pipeline.contract.arrow import arrow_schema
from pipeline.contract.tables import (
    BY_NAME,
    Cluster,
    ClusterLineage,
    ClusterMember,
    Decision,
    ExtractionLedger,
    Retention,
    Run,
)
from pipeline.lake import Lake

START = dt.datetime(2026, 6, 1, tzinfo=dt.UTC)


class LinkedLake:
    """A lake whose link runs a test writes."""

    def __init__(self, root):
        self.lake = Lake.create(root, "check")
        self.root = self.lake.root
        self.runs = 0

    @staticmethod
    def cluster(uid, revision=1, **changes):
        plain = Cluster(
            run_id="",
            cluster_uid=uid,
            revision=revision,
            verdict="distillation",
            confidence=0.9,
            accounts=3,
            first_seen=START,
            last_seen=START + dt.timedelta(days=2),
            requests=1200,
            input_tokens=40_000,
            output_tokens=900_000,
            reasons=["one card pays for 3 accounts"],
            counter_evidence=["no proxy in common"],
            fragility=[],
        )
        return msgspec.structs.replace(plain, **changes)

    @staticmethod
    def member(uid, account_id, confidence):
        return ClusterMember(
            run_id="",
            cluster_uid=uid,
            account_id=account_id,
            confidence=confidence,
            joined_at=START,
            is_bridge=False,
        )

    @staticmethod
    def lineage(uid, event, other=None):
        return ClusterLineage(run_id="", cluster_uid=uid, event=event, other_uid=other)

    def link(self, clusters, lineage_rows=(), as_of=None, ledger=()):
        self.runs += 1
        run_id = f"run-{self.runs:04d}"
        members = [
            self.member(c.cluster_uid, f"acct_{c.cluster_uid}_{n}", 0.5 + n / 100)
            for c in clusters
            for n in range(c.accounts)
        ]
        tables = {"clusters": clusters, "cluster_members": members, "cluster_lineage": lineage_rows}
        tables["extraction_ledger"] = ledger
        files = {}
        for name, rows in tables.items():
            path = self.lake.run_file(run_id, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._parquet(path, name, [msgspec.structs.replace(row, run_id=run_id) for row in rows])
            files[path.name] = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "rows": len(rows)}
        row = Run(
            run_id=run_id,
            started_at=START + dt.timedelta(hours=self.runs),
            as_of=as_of,
            positions="{}",
            previous_run_id=f"run-{self.runs - 1:04d}" if self.runs > 1 else None,
            code_version="0",
            settings_hash="",
            files=json.dumps(files),
        )
        self.append("runs", [row])
        return run_id

    @staticmethod
    def ledger(uid, days, requests):
        return [
            ExtractionLedger(
                run_id="",
                cluster_uid=uid,
                day=(START + dt.timedelta(days=day)).date(),
                task="",
                model="m",
                requests=requests,
                input_tokens=0,
                output_tokens=0,
                refusals=0,
            )
            for day in range(days)
        ]

    def retain(self, table, days):
        before = START + dt.timedelta(days=days)
        self.append("retentions", [Retention(table=table, before=before, rows=1, retained_at=before)])

    def decide(self, uid, disposition, after_run):
        decided_at = START + dt.timedelta(hours=after_run, minutes=1)
        self.append(
            "decisions",
            [Decision(cluster_uid=uid, disposition=disposition, reason="", decided_by="x", decided_at=decided_at)],
        )

    def append(self, name, records):
        rows = pa.Table.from_pylist([msgspec.to_builtins(r, builtin_types=(dt.datetime,)) for r in records])
        write_deltalake(self.lake.table(name), rows.cast(arrow_schema(BY_NAME[name])), mode="append")

    def _parquet(self, path, name, records):
        rows = [msgspec.structs.asdict(record) for record in records]
        pq.write_table(pa.Table.from_pylist(rows, schema=arrow_schema(BY_NAME[name])), path)


@pytest.fixture
def linked(tmp_path):
    return LinkedLake(tmp_path / "lake")


class Post:
    """A request as the receiver saw it."""

    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body


class FakeReceiver:
    """A real HTTP(S) server; `behave(handler, post)` answers, and may do so as badly as it likes."""

    def __init__(self, tls=None):
        self.posts = []
        self.behave = lambda handler, post: handler.answer(204)
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                post = Post(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                outer.posts.append(post)
                outer.behave(self, post)

            def answer(self, status, headers=(), body=b""):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *parts):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, request, client_address):
                pass  # clients that give up are the point of these tests

        self.server = Server(("127.0.0.1", 0), Handler)
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https" if tls else "http"
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path="/hook/t0psecret", host="localhost"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver():
    server = FakeReceiver()
    yield server
    server.close()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(PEM of certificate, PEM of key) for `localhost`, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(dt.datetime.now(dt.UTC) - dt.timedelta(days=1))
        .not_valid_after(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


@pytest.fixture
def tls_receiver(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server = FakeReceiver(context)
    yield server
    server.close()
