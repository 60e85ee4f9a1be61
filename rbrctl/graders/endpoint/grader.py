"""The endpoint grader: looks into the cache, asks the rest, and stores every answer at once."""

import asyncio
import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from statistics import fmean

from rbrctl.errors import GraderError, UsageError
from rbrctl.graders.cache import AnswerCache, Origin
from rbrctl.graders.endpoint.asker import Asker
from rbrctl.graders.endpoint.capabilities import QUESTION_KEY_BYTES, parser_version
from rbrctl.graders.endpoint.chat.asker import ChatAsker
from rbrctl.graders.endpoint.client import Client
from rbrctl.graders.endpoint.usage import Estimate, Usage
from rbrctl.graders.interface import ClassGuess, Classifier, GraderNote
from rbrctl.graders.prompt.forms import Fragments, tokens_of
from rbrctl.records.models import Answer, GraderIdentity, Transcript
from rbrctl.records.thinking import visible_transcript

_Key = bytes


class EndpointGrader:
    """
    Answers propositions through one Asker; a Grader.

    An answer is looked up by the digest of its request (question, conversation, endpoint, model,
    sampling, parser version) and its repeat index before it is asked; two transcripts of the same
    content in flight at once ask once. Errors are not kept: another run asks again.
    """

    def __init__(
        self,
        asker: Asker,
        client: Client,
        cache: AnswerCache,
        *,
        identity: GraderIdentity,
        origin: Origin,
        concurrency: int,
        classifier: Classifier,
        repeat: int = 1,
        unsure: bool = False,
    ) -> None:
        """Connect an asker with a cache; ``concurrency`` is the number of calls in flight."""
        self._asker = asker
        self._client = client
        self._cache = cache
        self._identity = identity
        self._origin = origin
        self._concurrency = concurrency
        self._classifier = classifier
        self._repeat = repeat
        self.unsure = unsure
        """True if the probe got neither of its two easy questions answered."""
        self._in_flight: dict[_Key, asyncio.Future[Answer]] = {}
        version = parser_version(asker.source)
        # Keys of 0.1 stay valid: neither the order nor the form of these parts may change.
        self._question_keys = [
            {
                name: hashlib.blake2b(
                    f"{version} {origin} {name} {digest} {index}".encode(),
                    digest_size=QUESTION_KEY_BYTES,
                ).digest()
                for name, digest in asker.digests.items()
            }
            for index in range(repeat)
        ]

    @property
    def identity(self) -> GraderIdentity:
        """The endpoint, model, mode and sampling."""
        return self._identity

    @property
    def question_digests(self) -> Mapping[str, str]:
        """The digest of each proposition's rendered question."""
        return self._asker.digests

    @property
    def asks_together(self) -> bool:
        """True in the modes decisions and systemone."""
        return self._asker.asks_together

    @property
    def concurrency(self) -> int:
        """
        Return how many transcripts to work on at once, so that the connections are never idle.

        That is the number of calls if a transcript needs several. It is twice as many if one call
        answers everything, since a transcript is judged and stored after its only call.
        """
        return self._concurrency * 2 if self._asker.asks_together else self._concurrency

    @property
    def notes(self) -> Sequence[GraderNote]:
        """Warnings about the server's accounts, and what the run used."""
        warnings = (GraderNote(text, is_warning=True) for text in self.usage.warnings)
        return (*warnings, GraderNote(self.usage.line()))

    @property
    def origin(self) -> Origin:
        """The origin under which the cache keeps its answers."""
        return self._origin

    @property
    def usage(self) -> Usage:
        """The calls, tokens and costs so far."""
        return self._client.usage

    async def answer(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Mapping[str, Answer]:
        """Answer from the cache, and ask what is not there; see Grader."""
        names = list(dict.fromkeys(propositions))
        fragments = Fragments(transcript)
        rounds = [self._keys(fragments, names, index) for index in range(self._repeat)]
        digests = {key: self._asker.digests[name] for keys in rounds for name, key in keys.items()}
        cached = self._cache.get(list(digests), digests)
        self.usage.cache_hits += len(cached)
        results = [await self._round(fragments, keys, cached) for keys in rounds]
        return {name: self._combined([result[name] for result in results]) for name in names}

    async def classify(self, transcript: Transcript) -> ClassGuess:
        """Infer the response class of a request by the content policy; see Classifier."""
        return await self._classifier.classify(transcript)

    def unanswered(
        self, transcript: Transcript, propositions: Collection[str]
    ) -> Iterator[tuple[bytes, bytes]]:
        """
        Yield the cache key and the request body of each question that the cache cannot answer.

        They are the lines of a batch.

        Raises UsageError in modes that ask several propositions or samples at once.
        """
        asker = self._asker
        if not isinstance(asker, ChatAsker) or asker.source == "votes":
            raise UsageError(
                f"a batch holds one question a line: --mode {asker.source} cannot be written;"
                " use logprobs, schema (without --pack) or text"
            )
        shown = visible_transcript(transcript)
        if shown is None:
            return
        fragments = Fragments(shown)
        for index in range(self._repeat):
            keys = self._keys(fragments, list(dict.fromkeys(propositions)), index)
            cached = self._cache.get(list(keys.values()))
            for name, key in keys.items():
                if key not in cached:
                    yield key, asker.body(fragments, name)

    def estimate(self, transcript: Transcript, propositions: Collection[str]) -> Estimate:
        """Return what answering would take; no call is made."""
        names = list(dict.fromkeys(propositions))
        shown = visible_transcript(transcript)
        if shown is None:
            return Estimate(transcripts=1)
        fragments = Fragments(shown)
        total = Estimate(transcripts=1)
        for index in range(self._repeat):
            keys = self._keys(fragments, names, index)
            cached = self._cache.get(list(keys.values()))
            missing = [name for name in names if keys[name] not in cached]
            groups = self._asker.groups(missing) if missing else []
            total += Estimate(
                answers=len(names),
                cache_hits=len(cached),
                calls=sum(map(self._asker.calls, groups)),
                input_tokens=sum(
                    tokens_of(self._asker.request_size(fragments, group)) for group in groups
                ),
                output_tokens=sum(map(self._asker.output_tokens, groups)),
            )
        return total

    async def close(self) -> None:
        """Write what is pending; close the cache and the connections."""
        self._cache.close()
        await self._client.close()

    def _keys(self, fragments: Fragments, names: Sequence[str], index: int) -> dict[str, _Key]:
        """Return the cache keys by name: the transcript's digest followed by the question's."""
        digest, questions = fragments.digest, self._question_keys[index]
        return {name: digest + questions[name] for name in names}

    async def _round(
        self, fragments: Fragments, keys: Mapping[str, _Key], cached: Mapping[_Key, Answer]
    ) -> dict[str, Answer]:
        """Return the answers of one repeat: from the cache, from calls in flight or new ones."""
        results: dict[str, Answer] = {}
        missing: list[str] = []
        shared: dict[str, asyncio.Future[Answer]] = {}
        for name, key in keys.items():
            if key in cached:
                results[name] = cached[key]
            elif key in self._in_flight:
                shared[name] = self._in_flight[key]
            else:
                missing.append(name)
        if missing:
            results.update(await self._ask_missing(fragments, keys, missing))
        for name, future in shared.items():
            results[name] = await asyncio.shield(future)
        return results

    async def _ask_missing(
        self, fragments: Fragments, keys: Mapping[str, _Key], missing: Sequence[str]
    ) -> dict[str, Answer]:
        """Ask what is missing; callers that want the same meanwhile wait for these futures."""
        loop = asyncio.get_running_loop()
        futures: dict[str, asyncio.Future[Answer]] = {
            name: loop.create_future() for name in missing
        }
        self._in_flight.update({keys[name]: future for name, future in futures.items()})
        reason: Exception = GraderError("stopped before this question was answered")
        try:
            groups = self._asker.groups(missing)
            if len(groups) == 1:
                return await self._ask_group(fragments, keys, groups[0], futures)
            tasks: list[asyncio.Task[dict[str, Answer]]] = []
            async with asyncio.TaskGroup() as task_group:
                for group in groups:
                    asking = self._ask_group(fragments, keys, group, futures)
                    tasks.append(task_group.create_task(asking))
            return {name: answer for task in tasks for name, answer in task.result().items()}
        except BaseExceptionGroup as errors:
            first = errors.exceptions[0]
            reason = first if isinstance(first, Exception) else reason
            raise first from None
        except Exception as error:
            reason = error
            raise
        finally:
            for name, future in futures.items():
                self._in_flight.pop(keys[name], None)
                if not future.done():
                    future.set_exception(reason)
                    # If nobody waits for it, asyncio would report an exception nobody looked at.
                    future.exception()

    async def _ask_group(
        self,
        fragments: Fragments,
        keys: Mapping[str, _Key],
        group: Sequence[str],
        futures: Mapping[str, asyncio.Future[Answer]],
    ) -> dict[str, Answer]:
        answers = dict(await self._asker.ask(fragments, group))
        good = {keys[name]: answer for name, answer in answers.items() if answer.error is None}
        self.usage.answers += len(good)
        self.usage.failed_answers += len(answers) - len(good)
        if good:
            # An answer counts only once it is on disk: whoever waits for a future comes after this.
            await self._cache.put(good, self._origin)
        for name, answer in answers.items():
            futures[name].set_result(answer)
        return answers

    def _combined(self, answers: Sequence[Answer]) -> Answer:
        """Return the mean over repeats, listed in the details; an error if any repeat failed."""
        if len(answers) == 1:
            return answers[0]
        for answer in answers:
            if answer.probability is None:
                return answer
        values = [answer.probability for answer in answers if answer.probability is not None]
        details = {**answers[0].details, "repeats": values}
        return Answer(fmean(values), answers[0].source, answers[0].digest, details=details)
