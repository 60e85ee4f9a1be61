"""
Make a tiny random Llama that says yes or no, as a transformers folder and as a GGUF of the same
weights: ``python tests/servers/tiny_model.py FOLDER``.

Needs torch, transformers and gguf. The model has two layers and some 270 tokens (bytes and a few
words); a direction that all its embeddings share lifts the tokens " Yes", "Yes", "No", " No", and
another one decides between them, so that probabilities spread over 0 to 1 by the text. After one of
these words it stops.
"""

import sys
from pathlib import Path

import gguf
import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

WORDS = {"Yes": True, "No": False, "yes": True, "no": False}
END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
CONTEXT = 32_768
ATTENTION = 6.0
"""Times the usual initial weights, so that what was said decides and not the last token alone."""
HIDDEN, LAYERS, HEADS, INNER = 64, 2, 4, 128


def vocabulary() -> tuple[list[str], list[tuple[str, str]]]:
    """Give the tokens and merges of a byte-level BPE that knows yes and no."""
    tokens = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        for size in range(1, len(word)):
            merges.append((word[:size], word[size]))
            tokens.append(word[: size + 1])
        merges.append(("Ġ", word))
        tokens.append(f"Ġ{word}")
    return [*dict.fromkeys(tokens), END, START, STOP], merges


def make_tokenizer(tokens: list[str], merges: list[tuple[str, str]]) -> PreTrainedTokenizerFast:
    """Make a tokenizer with a chat template."""
    known = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocab=known, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in (END, START, STOP)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token=STOP, pad_token=END)
    fast.chat_template = TEMPLATE
    fast.model_max_length = CONTEXT
    return fast


def make_model(tokens: list[str]) -> LlamaForCausalLM:
    """Make the weights; always the same."""
    torch.manual_seed(7)
    known = {token: index for index, token in enumerate(tokens)}
    config = LlamaConfig(
        vocab_size=len(tokens),
        hidden_size=HIDDEN,
        intermediate_size=INNER,
        num_hidden_layers=LAYERS,
        num_attention_heads=HEADS,
        num_key_value_heads=HEADS,
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=False,
        bos_token_id=known[END],
        eos_token_id=known[STOP],
        pad_token_id=known[END],
    )
    model = LlamaForCausalLM(config)
    lift = torch.nn.functional.normalize(torch.randn(HIDDEN), dim=0)
    decide = torch.nn.functional.normalize(torch.randn(HIDDEN), dim=0)
    stop = torch.nn.functional.normalize(torch.randn(HIDDEN), dim=0)
    with torch.no_grad():
        model.model.embed_tokens.weight.copy_(4 * lift + torch.randn(len(tokens), HIDDEN) / 4)
        for layer in model.model.layers:
            for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
                getattr(layer.self_attn, part).weight.mul_(ATTENTION)
        model.lm_head.weight.normal_(0, 0.02)
        model.lm_head.weight[known[STOP]] = 3 * stop
        for word, answer in WORDS.items():
            share = 1.0 if word[0].isupper() else 0.8
            for token in (word, f"Ġ{word}"):
                direction = share * 2 * lift + (2 * decide if answer else -2 * decide)
                model.lm_head.weight[known[token]] = direction
                model.model.embed_tokens.weight[known[token]] = 30 * stop
    return model.eval()


def write_gguf(
    path: Path, model: LlamaForCausalLM, tokens: list[str], merges: list[tuple[str, str]]
) -> None:
    """Write the same weights for llama.cpp, which pairs rotary dimensions in another order."""
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(model.config.rms_norm_eps)
    writer.add_rope_dimension_count(HIDDEN // HEADS)
    writer.add_rope_freq_base(10_000.0)
    writer.add_vocab_size(len(tokens))
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    control, normal = gguf.TokenType.CONTROL, gguf.TokenType.NORMAL
    writer.add_token_types([control if t in {END, START, STOP} else normal for t in tokens])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_bos_token_id(tokens.index(END))
    writer.add_eos_token_id(tokens.index(STOP))
    writer.add_add_bos_token(False)
    writer.add_chat_template(TEMPLATE)
    for name, value in tensors(model).items():
        writer.add_tensor(name, np.ascontiguousarray(value, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(model: LlamaForCausalLM) -> dict[str, np.ndarray]:
    """Name the weights as llama.cpp does."""
    state = {name: value.numpy() for name, value in model.state_dict().items()}
    named = {
        "token_embd.weight": state["model.embed_tokens.weight"],
        "output_norm.weight": state["model.norm.weight"],
        "output.weight": state["lm_head.weight"],
    }
    parts = {
        "attn_norm": "input_layernorm",
        "attn_q": "self_attn.q_proj",
        "attn_k": "self_attn.k_proj",
        "attn_v": "self_attn.v_proj",
        "attn_output": "self_attn.o_proj",
        "ffn_norm": "post_attention_layernorm",
        "ffn_gate": "mlp.gate_proj",
        "ffn_up": "mlp.up_proj",
        "ffn_down": "mlp.down_proj",
    }
    for layer in range(LAYERS):
        for ours, theirs in parts.items():
            value = state[f"model.layers.{layer}.{theirs}.weight"]
            if ours in {"attn_q", "attn_k"}:
                halves = value.reshape(HEADS, 2, HIDDEN // HEADS // 2, HIDDEN)
                value = halves.swapaxes(1, 2).reshape(value.shape)
            named[f"blk.{layer}.{ours}.weight"] = value
    return named


def main(folder: Path) -> None:
    """Make both forms below a folder: ``llama/`` and ``llama.gguf``."""
    tokens, merges = vocabulary()
    model = make_model(tokens)
    model.save_pretrained(folder / "llama")
    make_tokenizer(tokens, merges).save_pretrained(folder / "llama")
    write_gguf(folder / "llama.gguf", model, tokens, merges)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
