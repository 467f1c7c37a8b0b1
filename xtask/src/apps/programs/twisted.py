"""Twisted finds its plugins by folder, and its reactor serves a line."""
from twisted.internet import defer, endpoints, protocol, reactor, task
from twisted.plugin import getPlugins
from twisted.application.service import IServiceMaker
from twisted.protocols.basic import LineReceiver


class Upper(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line.upper())


class Ask(LineReceiver):
    def connectionMade(self):
        self.answer = defer.Deferred()
        self.sendLine(b"hello")

    def lineReceived(self, line):
        self.answer.callback(line)


async def talk(reactor):
    factory = protocol.Factory.forProtocol(Upper)
    port = await endpoints.serverFromString(reactor, "tcp:18435:interface=127.0.0.1").listen(factory)
    asking = await endpoints.connectProtocol(endpoints.clientFromString(reactor, "tcp:127.0.0.1:18435"), Ask())
    print((await asking.answer).decode(), sorted(p.tapname for p in getPlugins(IServiceMaker) if p.tapname in ("web", "dns")))
    asking.transport.loseConnection()
    await port.stopListening()


def main():
    task.react(lambda reactor: defer.ensureDeferred(talk(reactor)))
