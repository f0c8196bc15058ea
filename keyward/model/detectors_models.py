"""Key shapes of those who sell the use of models, and of the services around them.

Sources: the vendors' documentation, and what gitleaks, betterleaks, kingfisher and trufflehog agree on. No public rule was found for
Fireworks and Tavily, whose shapes are those of keys that their documentation shows. Lengths that a vendor does not document are ranges. Keys of DeepSeek, Moonshot and others
look the same (`sk-` and 32 hex digits), so that shape names no vendor.
"""

import random
import uuid
from collections.abc import Callable

from keyward.model import checks
from keyward.model.checks import letters
from keyward.model.credential import Kind
from keyward.model.detector import Detector
from keyward.model.detector_making import ALNUM, HEX, LOWER, WORD, made, named, shape, token

_UUID = rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_LETTERS = "".join(one for one in ALNUM if one.isalpha())


def _openai(prefix: bytes, half: int) -> Callable[[random.Random], bytes]:
    def make(rng: random.Random) -> bytes:
        return prefix + letters(rng, half, ALNUM) + checks.OPENAI_MARKER + letters(rng, half, ALNUM)

    return make


def _langsmith(rng: random.Random) -> bytes:
    return b"lsv2_pt_" + letters(rng, 32, HEX) + b"_" + letters(rng, 10, HEX)


def _langfuse(rng: random.Random) -> bytes:
    return b"sk-lf-" + str(uuid.UUID(int=rng.getrandbits(128))).encode()


def _pinecone(rng: random.Random) -> bytes:
    return b"pcsk_" + letters(rng, 5, ALNUM) + b"_" + letters(rng, 63, ALNUM)


MODELS: tuple[Detector, ...] = (
    Detector(
        "openai-admin", "OpenAI admin key", "OpenAI", "openai", Kind.API_KEY,
        (b"sk-admin-",), shape(rb"sk-admin-[\w-]{40,200}+"), _openai(b"sk-admin-", 58),
        shown=(b"sk-admin-",), offline=checks.openai_marker,
    ),
    Detector(
        "openai", "OpenAI key", "OpenAI", "openai", Kind.API_KEY,
        (b"sk-proj-", b"sk-svcacct-", b"sk-service-"), shape(rb"sk-(?:proj|svcacct|service)-[\w-]{40,200}+"),
        _openai(b"sk-proj-", 74), shown=(b"sk-proj-", b"sk-svcacct-", b"sk-service-"), offline=checks.openai_marker,
    ),
    Detector(
        "openai-legacy", "OpenAI user key", "OpenAI", "openai", Kind.API_KEY,
        (b"sk-",), shape(rb"sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}"), _openai(b"sk-", 20),
        shown=(b"sk-",), offline=checks.openai_marker,
    ),
    Detector(
        "anthropic", "Anthropic key", "Anthropic", "anthropic", Kind.API_KEY,
        (b"sk-ant-api",), shape(rb"sk-ant-api\d\d-[\w-]{80,120}+"), made(b"sk-ant-api03-", 93, WORD, b"AA"),
        shown=(b"sk-ant-api03-", b"sk-ant-"), offline=checks.anthropic_tail,
    ),
    Detector(
        "anthropic-admin", "Anthropic admin key", "Anthropic", "anthropic", Kind.API_KEY,
        (b"sk-ant-admin",), shape(rb"sk-ant-admin\d\d-[\w-]{80,120}+"), made(b"sk-ant-admin01-", 93, WORD, b"AA"),
        shown=(b"sk-ant-admin01-", b"sk-ant-"), offline=checks.anthropic_tail,
    ),
    Detector(
        "anthropic-oauth", "Anthropic OAuth token", "Anthropic", "anthropic", Kind.TOKEN,
        (b"sk-ant-oat", b"sk-ant-ort"), shape(rb"sk-ant-o[ar]t\d\d-[\w-]{40,400}+"), made(b"sk-ant-oat01-", 95),
        shown=(b"sk-ant-oat01-", b"sk-ant-ort01-", b"sk-ant-"),
    ),
    token("openrouter", "OpenRouter key", "OpenRouter", b"sk-or-v1-", rb"[a-f0-9]{64}", made(b"sk-or-v1-", 64, HEX)),
    token("sk-hex", "sk- key (DeepSeek, Moonshot or another vendor)", "", b"sk-", rb"[a-f0-9]{32}", made(b"sk-", 32, HEX)),
    token("huggingface", "Hugging Face token", "Hugging Face", b"hf_", rb"[A-Za-z]{34}", made(b"hf_", 34, _LETTERS), credential=Kind.TOKEN),
    token(
        "huggingface-org", "Hugging Face organisation token", "Hugging Face", b"api_org_", rb"[A-Za-z]{34}", made(b"api_org_", 34, _LETTERS),
        provider="huggingface", credential=Kind.TOKEN,
    ),
    token("groq", "Groq key", "Groq", b"gsk_", rb"[A-Za-z0-9]{52}", made(b"gsk_", 52, ALNUM)),
    token("xai", "xAI key", "xAI", b"xai-", rb"[\w-]{70,120}+", made(b"xai-", 80)),
    token("perplexity", "Perplexity key", "Perplexity", b"pplx-", rb"[A-Za-z0-9]{48}", made(b"pplx-", 48, ALNUM)),
    token("replicate", "Replicate token", "Replicate", b"r8_", rb"[\w-]{37}", made(b"r8_", 37), credential=Kind.TOKEN),
    token("elevenlabs", "ElevenLabs key", "ElevenLabs", b"sk_", rb"[a-f0-9]{48}", made(b"sk_", 48, HEX)),
    named("elevenlabs-old", "ElevenLabs key", "ElevenLabs", b"ELEVENLABS_API_KEY", rb"[a-f0-9]{32}", made(b"", 32, HEX)),
    named("mistral", "Mistral key", "Mistral", b"MISTRAL_API_KEY", rb"[A-Za-z0-9]{32}", made(b"", 32, ALNUM)),
    named("cohere", "Cohere key", "Cohere", b"COHERE_API_KEY", rb"[A-Za-z0-9]{40}", made(b"", 40, ALNUM)),
    named("azure-openai", "Azure OpenAI key", "Microsoft", b"AZURE_OPENAI_API_KEY", rb"(?:[a-f0-9]{32}|[A-Za-z0-9]{84})", made(b"", 32, HEX)),
    token("nvidia", "NVIDIA key", "NVIDIA", b"nvapi-", rb"[\w-]{60,70}+", made(b"nvapi-", 64)),
    token("cerebras", "Cerebras key", "Cerebras", b"csk-", rb"[a-z0-9]{48}", made(b"csk-", 48, LOWER)),
    token("together", "Together key", "Together", b"tgp_v1_", rb"[\w-]{43}", made(b"tgp_v1_", 43)),
    token("fireworks", "Fireworks key", "Fireworks", b"fw_", rb"[A-Za-z0-9]{20,40}+", made(b"fw_", 24, ALNUM)),
    token("tavily", "Tavily key", "Tavily", b"tvly-", rb"(?:dev-|prod-)?[A-Za-z0-9-]{20,64}+", made(b"tvly-dev-", 32, ALNUM)),
    token("langsmith", "LangSmith key", "LangChain", (b"lsv2_pt_", b"lsv2_sk_"), rb"[a-f0-9]{32}_[a-f0-9]{10}", _langsmith),
    token("langfuse", "Langfuse secret key", "Langfuse", b"sk-lf-", _UUID, _langfuse),
    token("pinecone", "Pinecone key", "Pinecone", b"pcsk_", rb"\w{5,6}_\w{63}", _pinecone),
    token("wandb", "Weights & Biases key", "Weights & Biases", b"wandb_v1_", rb"\w{77}", made(b"wandb_v1_", 77, ALNUM)),
)  # fmt: skip  # one shape is one block to read, and one block to add
