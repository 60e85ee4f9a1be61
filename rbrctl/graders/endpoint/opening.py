"""Puts an endpoint grader together from settings, a rule set and a cache."""

from collections.abc import Sequence
from dataclasses import replace

from rbrctl.digests import digest_of
from rbrctl.errors import NothingMatchedError, UsageError
from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.graders.endpoint.asker import Asker
from rbrctl.graders.endpoint.capabilities import Capabilities
from rbrctl.graders.endpoint.chat.alternatives import AlternativesLimit
from rbrctl.graders.endpoint.chat.asker import ChatAsker
from rbrctl.graders.endpoint.chat.packed import PackedAsker
from rbrctl.graders.endpoint.classifier import EndpointClassifier
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.decisions.asker import DecisionsAsker
from rbrctl.graders.endpoint.decisions.shapes import DecisionsShape, SystemOneShape
from rbrctl.graders.endpoint.grader import EndpointGrader
from rbrctl.graders.endpoint.http.address import Address, parse_address
from rbrctl.graders.endpoint.http.direct import DirectTransport
from rbrctl.graders.endpoint.http.secrets import ScrubbedTransport
from rbrctl.graders.endpoint.http.tls import trust
from rbrctl.graders.endpoint.http.transport import Transport
from rbrctl.graders.endpoint.layout import choose_layout
from rbrctl.graders.endpoint.limiter import AdaptiveLimiter
from rbrctl.graders.endpoint.probe import ProbeReport, probe
from rbrctl.graders.endpoint.settings import EndpointSettings
from rbrctl.graders.endpoint.usage import Spending, Usage
from rbrctl.graders.modes import Mode
from rbrctl.graders.prompt.templates import Layout, system_of
from rbrctl.records.models import GraderIdentity, Transcript
from rbrctl.ruleset.model import RuleSet

_CHOSEN_LAYOUTS = frozenset({Layout.QUESTION_FIRST, Layout.CONVERSATION_FIRST})
QUESTIONS_EACH = 11.0
"""
Questions per transcript if the caller does not know the number.

The response classes of the reference policy depend on 5 to 17 of its 23 propositions.
"""


def open_client(settings: EndpointSettings, spending: Spending | None = None) -> Client:
    """
    Return a client for an endpoint; nothing is connected yet. Raises UsageError.

    Its calls count against the budget of the settings, or against ``spending`` if several clients
    share one budget.
    """
    address = parse_address(settings.base_url)
    return Client(
        open_transport(settings, address),
        where=f"{address}, model {settings.model}",
        limiter=AdaptiveLimiter(settings.concurrency),
        usage=Usage(settings.prices),
        spending=spending or Spending(settings.budget),
        policy=settings.retry,
        timeout=settings.timeout,
        requests_per_minute=settings.requests_per_minute,
        tokens_per_minute=settings.tokens_per_minute,
        secrets=settings.secrets,
    )


def open_transport(settings: EndpointSettings, address: Address) -> Transport:
    """
    Return the transport: our own, or httpx's where there is a proxy; neither lets a secret through.

    Raises UsageError.
    """
    transport = _bare_transport(settings, address)
    secrets = settings.secrets
    return ScrubbedTransport(transport, secrets) if secrets else transport


def _bare_transport(settings: EndpointSettings, address: Address) -> Transport:
    tls = trust(settings.certificates) if address.secure else None
    if settings.proxy is None:
        return DirectTransport(
            address,
            settings.request_headers(),
            connect_timeout=settings.connect_timeout,
            max_body=settings.max_reply_bytes,
            tls=tls,
        )
    from rbrctl.graders.endpoint.http.proxied import ProxiedTransport

    return ProxiedTransport(
        address,
        settings.request_headers(),
        proxy=settings.proxy,
        connect_timeout=settings.connect_timeout,
        max_body=settings.max_reply_bytes,
        tls=tls,
    )


async def open_grader(
    ruleset: RuleSet,
    settings: EndpointSettings,
    cache: AnswerCache,
    *,
    sample: Sequence[Transcript] = (),
    questions_each: float = QUESTIONS_EACH,
    offline: bool = False,
    keep_assumptions: bool = False,
    client: Client | None = None,
) -> EndpointGrader:
    """
    Return a grader; probe the endpoint if that has not been done before.

    ``sample`` and ``questions_each`` describe the work at hand, by which the layout is chosen. What
    was found and chosen is remembered in the cache, so that a later run asks the same questions.
    The grader owns the cache from here on and closes it; the cache is also closed on an error.

    ``offline`` makes no call: what is not known is assumed to be as with OpenAI's current chat
    models. ``keep_assumptions`` remembers that as if it had been found, so that the answers of a
    batch belong to the same grader. ``client`` may be an open client for these settings; the
    grader owns it as it does the cache. Raises UsageError, GraderError, FileError or RuleSetError.
    """
    try:
        client = client or open_client(settings)
        capabilities = await known_capabilities(settings, client, cache, offline=offline)
        if keep_assumptions:
            cache.remember(_probe_note(settings), capabilities.to_json())
        layout = known_layout(ruleset, settings, cache, sample, questions_each)
        limit = _alternatives_limit(settings, capabilities, cache)
        asker = make_asker(ruleset, settings, capabilities, layout, client, limit)
        if not asker.digests:
            raise NothingMatchedError(
                f"no proposition of rule set {ruleset.name} has a question or a statement to ask"
            )
    except BaseException:
        cache.close()
        if client is not None:
            await client.close()
        raise
    address = str(parse_address(settings.base_url))
    origin = Origin(address, settings.model, asker.source)
    return EndpointGrader(
        asker,
        client,
        cache,
        identity=identity_of(ruleset, settings, capabilities, layout),
        origin=origin,
        concurrency=settings.concurrency,
        classifier=EndpointClassifier(
            ruleset, settings, capabilities, client, cache, origin, limit
        ),
        repeat=settings.repeat,
        unsure=capabilities.unsure,
    )


async def known_capabilities(
    settings: EndpointSettings, client: Client, cache: AnswerCache, *, offline: bool = False
) -> Capabilities:
    """Return what is remembered of an endpoint and a model; else probe it and remember that."""
    name = _probe_note(settings)
    try:
        return Capabilities.from_json(cache.recall(name) or {"mode": None})
    except (KeyError, TypeError, ValueError):
        if offline:
            mode = Mode.LOGPROBS if settings.mode is Mode.AUTO else settings.mode
            return Capabilities(mode=mode)
    report = await probe(settings, client)
    remember_probe(settings, report, cache)
    return report.capabilities


def remember_probe(settings: EndpointSettings, report: ProbeReport, cache: AnswerCache) -> None:
    """Remember what a probe found for later runs. Raises FileError."""
    cache.remember(_probe_note(settings), report.capabilities.to_json())


def _alternatives_limit(
    settings: EndpointSettings, capabilities: Capabilities, cache: AnswerCache
) -> AlternativesLimit:
    """Return the limit that propositions and classifier share; the next run starts with it."""

    def keep(allowed: int) -> None:
        known = replace(capabilities, allowed_top_logprobs=allowed)
        cache.remember(_probe_note(settings), known.to_json())

    return AlternativesLimit(capabilities.asked_top_logprobs, keep)


def known_layout(
    ruleset: RuleSet,
    settings: EndpointSettings,
    cache: AnswerCache,
    sample: Sequence[Transcript],
    questions_each: float,
) -> Layout:
    """Return the layout that was asked for, was chosen before, or leaves least to read anew."""
    if ruleset.grader.template is not None:
        return Layout.TEMPLATE
    if settings.layout != "auto":
        return Layout(settings.layout)
    name = f"layout {settings.where} {settings.model} {ruleset.name}"
    remembered = cache.recall(name)
    if isinstance(remembered, str) and remembered in _CHOSEN_LAYOUTS:
        return Layout(remembered)
    layout = choose_layout(ruleset, sample, questions_each)
    if sample:
        cache.remember(name, layout.value)
    return layout


def make_asker(
    ruleset: RuleSet,
    settings: EndpointSettings,
    capabilities: Capabilities,
    layout: Layout,
    client: Client,
    limit: AlternativesLimit | None = None,
) -> Asker:
    """Return what asks in the mode that was named or found."""
    mode = capabilities.mode
    if mode is Mode.DECISIONS:
        return DecisionsAsker(ruleset, settings, capabilities, DecisionsShape(), client)
    if mode is Mode.SYSTEMONE:
        return DecisionsAsker(ruleset, settings, capabilities, SystemOneShape(), client)
    if mode is Mode.AUTO:
        raise UsageError("the mode must be found before a grader can be made")
    if settings.pack > 1:
        return PackedAsker(ruleset, settings, capabilities, client)
    return ChatAsker(ruleset, settings, capabilities, mode, layout, client, limit)


def identity_of(
    ruleset: RuleSet, settings: EndpointSettings, capabilities: Capabilities, layout: Layout
) -> GraderIdentity:
    """Return the identity, with a digest of everything that is the same for all propositions."""
    mode = capabilities.mode
    shared = {
        "endpoint": str(parse_address(settings.base_url)),
        "model": settings.model,
        "mode": mode.value,
        "sampling": capabilities.sampling(settings, 0, 0.0),
        "top_logprobs": capabilities.top_logprobs if mode is Mode.LOGPROBS else None,
        "votes": settings.votes if mode is Mode.VOTES else None,
        "pack": settings.pack,
        "repeat": settings.repeat,
        "layout": None if mode in {Mode.DECISIONS, Mode.SYSTEMONE} else layout.value,
        "system": system_of(ruleset.grader),
        "template": ruleset.grader.template,
    }
    return GraderIdentity("endpoint", digest_of(shared), settings.model, mode.value)


def _probe_note(settings: EndpointSettings) -> str:
    return f"probe {settings.where} {settings.model} {settings.mode.value}"
