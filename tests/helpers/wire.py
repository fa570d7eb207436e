"""Who speaks to whom between test hosts: the first packet of every connection, each datagram."""

from __future__ import annotations

import ctypes
import socket
import struct
import threading
from typing import NamedTuple, Set

_ALL = 3  # ETH_P_ALL
_ATTACH_FILTER = 26
# IPv4, and of TCP only what opens a connection: else every byte over ssh would come by here.
_FILTER = ((0x30, 0, 0, 0), (0x54, 0, 0, 0xf0), (0x15, 0, 7, 0x40), (0x30, 0, 0, 9),
           (0x15, 0, 4, 6), (0xb1, 0, 0, 0), (0x50, 0, 0, 13), (0x54, 0, 0, 0x12),
           (0x15, 0, 1, 2), (0x06, 0, 0, 0xffff), (0x06, 0, 0, 0))


class Spoken(NamedTuple):
    """`port` is the one that was spoken to, 0 where there is none."""

    source: str
    target: str
    port: int


class Wire:
    """Listens in the network namespace of the thread that makes it, until `stop`."""

    def __init__(self) -> None:
        self._seen: Set[Spoken] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        words = b"".join(struct.pack("HBBI", *word) for word in _FILTER)
        program = ctypes.create_string_buffer(words)
        self._socket.setsockopt(socket.SOL_SOCKET, _ATTACH_FILTER, struct.pack(
            "HL", len(_FILTER), ctypes.addressof(program)))
        self._socket.settimeout(0.2)
        self._ended = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while not self._ended:
            try:
                packet = self._socket.recv(128)
            except socket.timeout:
                continue
            head = (packet[0] & 15) * 4
            port = struct.unpack("!H", packet[head + 2:head + 4])[0] if packet[9] in (6, 17) else 0
            self._seen.add(Spoken(socket.inet_ntoa(packet[12:16]),
                                  socket.inet_ntoa(packet[16:20]), port))

    def seen(self) -> Set[Spoken]:
        """What was said so far."""
        return set(self._seen)

    def stop(self) -> Set[Spoken]:
        """What was said."""
        self._ended = True
        self._thread.join()
        self._socket.close()
        return self._seen
