"""Reward models of a hub: a transformers model with a sequence-classification head whose one logit is the reward.

Published reward models of 1B to 27B parameters come in this form (LlamaForSequenceClassification and its like). They
read a conversation in a chat template of their own, so a policy's token ids are turned into text first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

from bench import models
from bench.data.texts import Rows, embed_in_batches, padded
from bench.errors import UserError
from bench.learn.policy.completions import Completions, Ids

Turns = Sequence[Mapping[str, str]]  # of a conversation, each {role, content}; the last is the user's


class Classifier:
    """`turns` gives the conversation behind a policy's prompt, `text` the text of a response; both of token ids.

    Token ids know nothing of roles: the conversation is what the prompt was made from, not what it decodes to.
    Raises UserError for a model of more than one logit and a tokenizer without a chat template.
    """

    def __init__(self, model: Any, tokenizer: Any, turns: Callable[[Ids], Turns], text: Callable[[Ids], str]) -> None:
        name = model.config.name_or_path or type(model).__name__
        if model.config.num_labels != 1:
            raise UserError(f"{name} has {model.config.num_labels} logits a text; a reward model has one")
        if tokenizer.chat_template is None:
            raise UserError(f"{name}: its tokenizer has no chat template to put a conversation into")
        self.name = name
        self.model = model.eval()
        self.tokenizer = tokenizer
        self.turns = turns
        self.text = text

    @staticmethod
    def load(
        source: models.Source, turns: Callable[[Ids], Turns], text: Callable[[Ids], str], dtype: str = "bfloat16"
    ) -> Classifier:
        """From the hub's cache or a folder, onto the GPU where there is one; nothing is downloaded.

        Raises Unavailable, saying what to do, where this machine does not have it; UserError for weights without a
        classification head, which transformers would draw at random, and as the class does.
        """
        folder = models.locate(source)
        logging.disable_progress_bar()
        model, found = AutoModelForSequenceClassification.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
        )
        if missing := sorted(found["missing_keys"]):
            raise UserError(f"{source.id or folder} is no reward model: its weights have no {', '.join(missing)}")
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
        return Classifier(model.to("cuda" if torch.cuda.is_available() else "cpu"), tokenizer, turns, text)

    def scores(self, groups: Sequence[Completions]) -> list[NDArray[np.float32]]:
        """The rewards (k,) of every group's responses; see `Rewards` in bench/select/selector.py.

        Conversations of similar length share a batch. Raises UserError, before anything is computed, for one that is
        longer than the model's positions.
        """
        rows = [row for group in groups for row in self._rows(group)]
        most = getattr(self.model.config.get_text_config(), "max_position_embeddings", None)
        longest = max(map(len, rows), default=0)
        if most is not None and longest > most:
            raise UserError(f"a conversation has {longest:,} tokens, and {self.name} reads {most:,}")
        flat = embed_in_batches(rows, 1, self._forward)[:, 0]
        return np.split(flat, np.cumsum([len(group.responses) for group in groups]))[:-1]

    def _rows(self, group: Completions) -> Rows:
        """Token ids of the conversation with each of the responses, by the model's own template."""
        before = list(self.turns(group.prompt))
        answered = [[*before, {"role": "assistant", "content": self.text(response)}] for response in group.responses]
        rendered = self.tokenizer.apply_chat_template(answered, tokenize=False)
        ids: Rows = self.tokenizer(rendered, add_special_tokens=False, verbose=False).input_ids
        return ids

    @torch.inference_mode()
    def _forward(self, rows: Rows) -> NDArray[np.float32]:
        """(rows, 1). On the right, padding moves no position; which token is padding, the model asks its config."""
        ids, lengths = padded(rows)
        mask = torch.arange(ids.shape[1]) < lengths[:, None]
        with self._padding(rows) as padding:
            ids = torch.where(mask, ids, padding).to(self.model.device)
            logits = self.model(input_ids=ids, attention_mask=mask.long().to(self.model.device)).logits
        rewards: NDArray[np.float32] = logits.float().cpu().numpy()
        return rewards

    @contextmanager
    def _padding(self, rows: Rows) -> Iterator[int]:
        """The config's padding token. Where it has none that can be embedded, one that is in no row, for this batch.

        The score is read at the last token that is not padding, so any other would do harm where a text ends with it.
        """
        config = self.model.config.get_text_config()
        own = config.pad_token_id
        if own is not None and 0 <= own < config.vocab_size:
            yield own
            return
        used = {token for row in rows for token in row}
        config.pad_token_id = next(token for token in range(config.vocab_size) if token not in used)
        try:
            yield config.pad_token_id
        finally:
            config.pad_token_id = own
