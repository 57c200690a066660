"""PairRM: an external model, trained on some 500,000 preferences, that reads two responses side by side.

LLM-Blender (Jiang et al. 2023), the checkpoint llm-blender/PairRM-hf: DeBERTa-v3-large over

    [CLS] <|source|> prompt [SEP]  [CLS] <|candidate1|> first [SEP]  [CLS] <|candidate2|> second [SEP]

and a head that scores a candidate by the hidden states at <|source|> and at its own mark. The difference of the two
scores is trained as the log-odds that the left candidate is better.

Its own package, llm-blender 0.0.2, cannot be imported with transformers 5 (it needs `TRANSFORMERS_CACHE`, and then
`batch_encode_plus` and a `sep_token_id` of every config, none of which are there any more), so the checkpoint is read
here. It has UltraFeedback among its training data, which SPA's prompts come from.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import nn
from transformers import DebertaV2Config, DebertaV2Model, PreTrainedTokenizerFast

from bench import models
from bench.errors import UserError
from bench.label.judgements import Judgements, require_two
from bench.learn.policy.completions import Completions, Ids
from bench.models import Origin, Source

HUB = Source(Origin.HUB, "llm-blender/PairRM-hf")
MARKS = {"source_prefix_id": "<|source|>", "cand1_prefix_id": "<|candidate1|>", "cand2_prefix_id": "<|candidate2|>"}
MAX_SOURCE = 1224  # tokens with marks and separators, as the model was trained
MAX_LENGTH = MAX_SOURCE + 2 * 412  # of all three; candidates may have what the source leaves
SEQUENCES = 8  # in a forward pass

Texts = tuple[str, str, str]  # source, left candidate, right candidate


class PairRanker(nn.Module):
    """DeBERTa and the head, under the checkpoint's names."""

    def __init__(self, config: DebertaV2Config) -> None:
        super().__init__()
        self.pretrained_model = DebertaV2Model(config)
        width, share = config.hidden_size, config.drop_out
        first, last = nn.Linear(2 * width, width), nn.Linear(width, config.n_tasks)
        self.head_layer = nn.Sequential(nn.Dropout(share), first, nn.Tanh(), nn.Dropout(share), last)

    @staticmethod
    def load(folder: Path) -> PairRanker:
        """In float32. Raises UserError for a folder that holds another model."""
        fields = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if missing := [name for name in ("n_tasks", "drop_out", *MARKS) if name not in fields]:
            raise UserError(f"{folder / 'config.json'}: no {', '.join(missing)}: {HUB.id} has them, and this is not it")
        ranker = PairRanker(DebertaV2Config(**fields))
        try:
            ranker.load_state_dict(load_file(folder / "model.safetensors"))
        except (RuntimeError, FileNotFoundError) as error:
            raise UserError(f"{folder / 'model.safetensors'} does not hold the weights of {HUB.id}: {error}") from None
        return ranker.eval()

    def forward(self, ids: torch.Tensor, mask: torch.Tensor, marks: torch.Tensor) -> torch.Tensor:
        """(B,): log-odds of the left candidate, of ids and mask (B, T) with the marks at (B, 3)."""
        hidden = self.pretrained_model(input_ids=ids, attention_mask=mask).last_hidden_state
        source, left, right = hidden[torch.arange(len(ids), device=ids.device)[:, None], marks].unbind(1)
        scores = [self.head_layer(torch.cat([source, one], dim=-1)) for one in (left, right)]
        difference: torch.Tensor = scores[0] - scores[1]
        return difference.mean(dim=-1).float()


class PairRM:
    """log-odds: the mean of the model's in both orders of the responses, in which its leaning to a side cancels.

    That is half of what LLM-Blender's `compare` returns as logits (it takes the sum), with the same sign. `decode`
    gives the text of a policy's token ids, without its special tokens. Texts that are too long lose their ends.
    """

    def __init__(self, ranker: PairRanker, tokenizer: Any, decode: Callable[[Ids], str]) -> None:
        self.ranker = ranker.eval()
        self.tokenizer = tokenizer
        self.decode = decode

    @staticmethod
    def load(decode: Callable[[Ids], str], source: Source = HUB) -> PairRM:
        """From the hub's cache or a folder. Raises Unavailable, saying what to do, where the checkpoint is not here.

        The tokenizer is tokenizer.json as it stands: transformers 5's class for DeBERTa would put another
        normalisation of characters and spaces in place of the one that the model was trained with.
        """
        folder = models.locate(source)
        if not (folder / "tokenizer.json").is_file():
            raise UserError(f"{folder}: tokenizer.json is missing")
        tokenizer = PreTrainedTokenizerFast.from_pretrained(folder, local_files_only=True)
        return PairRM(PairRanker.load(folder), tokenizer, decode)

    def label(self, groups: Sequence[Completions]) -> Judgements:
        """See Labeler. Raises UserError for a tokenizer that does not know the marks."""
        require_two(groups)
        asked: list[Texts] = []
        for group in groups:
            source, first, second = map(self.decode, (group.prompt, *group.responses))
            asked += [(source, first, second), (source, second, first)]
        both = self._log_odds(asked).reshape(-1, 2)
        return Judgements((both[:, 0] - both[:, 1]) / 2)

    @torch.no_grad()
    def _log_odds(self, asked: Sequence[Texts]) -> NDArray[np.float64]:
        """(n,), computed from the longest on, so that little is padded."""
        coded = [self._code(texts) for texts in asked]
        order = sorted(range(len(coded)), key=lambda index: -len(coded[index][0]))
        device = self.ranker.pretrained_model.device
        found = np.empty(len(coded))
        for start in range(0, len(order), SEQUENCES):
            part = order[start : start + SEQUENCES]
            rows = [torch.tensor(coded[index][0]) for index in part]
            ids = nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=self.tokenizer.pad_token_id)
            lengths = torch.tensor([len(row) for row in rows])
            mask = (torch.arange(ids.shape[1]) < lengths[:, None]).long()
            marks = torch.tensor([coded[index][1] for index in part])
            found[part] = self.ranker(*(values.to(device) for values in (ids, mask, marks))).cpu().numpy()
        return found

    def _code(self, texts: Texts) -> tuple[list[int], list[int]]:
        """Token ids, and where the three marks are."""
        ids: list[int] = []
        places = []
        room = MAX_SOURCE
        for (name, mark), text in zip(MARKS.items(), texts, strict=True):
            tokens = self.tokenizer(mark + text, max_length=room, truncation=True).input_ids
            if tokens[1] != getattr(self.ranker.pretrained_model.config, name):
                raise UserError(f"the tokenizer does not know {mark}: it is not the one of {HUB.id}")
            places.append(len(ids) + 1)
            ids += tokens
            if name == "source_prefix_id":
                room = (MAX_LENGTH - len(ids)) // 2
        return ids, places
