"""Makes overlap-metrics.json: what reference implementations of BLEU, ROUGE-L, CIDEr-D and TRL's shaping rewards give.

    python -m venv venv
    venv/bin/pip install sacrebleu==2.6.0 rouge-score==0.1.2 pycocoevalcap==1.2
    venv/bin/pip install --no-deps trl==1.13.0
    venv/bin/python test/golden/make_overlap_fixtures.py test/golden/overlap-metrics.json
"""

import ast
import importlib.util
import json
import math
import random
import sys
from importlib.metadata import distribution, version

import sacrebleu
from pycocoevalcap.cider.cider_scorer import CiderScorer
from rouge_score import rouge_scorer, scoring, tokenize  # noqa: F401

COLORS = "red green blue yellow purple".split()
SHAPES = "circle square triangle cross".split()

WRITTEN = [
    ("the cat is on the mat", ["the cat sat on the mat"]),
    ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("A man rides a horse.", ["A man is riding a horse on the beach.", "Someone rides a brown horse."]),
    ("a dog", ["a dog runs across the green field"]),
    ("a dog runs across the green field near a river", ["a dog"]),
    ("", ["a red circle"]),
    ("a red circle", ["a red circle"]),
    ("completely different words here", ["nothing in common at all"]),
    ("No acute cardiopulmonary abnormality.", ["No acute cardiopulmonary disease."]),
    ("The heart is normal in size. The lungs are clear.", ["Heart size is normal. Lungs are clear. No effusion."]),
    ("It costs $1,234.50, or 50% more.", ["It costs $1,234.50; that is 50% more!"]),
    ("3.14 is pi; 2-3 apples (or 4/5).", ["3.14 is about pi: 2-3 apples, or 4/5."]),
    ("He said \"hello\" & left.", ["He said &quot;hello&quot; &amp; left."]),
    ("state-of-the-art results", ["state of the art results"]),
    ("x = 5, y = 7", ["x = 5 , y = 8"]),
    ("l'été est déjà là", ["l'été est là déjà"]),
    ("UPPER lower Mixed", ["upper LOWER mixed"]),
    ("one two three four five six seven eight", ["eight seven six five four three two one"]),
    ("one two three four", ["one two three four five six seven eight nine ten"]),
    ("a b a b a b", ["a b", "a b a b"]),
    ("line one\nline two", ["line one line two"]),
    ("word", ["word"]),
    ("two words", ["two words"]),
    ("three whole words", ["three whole words"]),
]


def generated(count):
    draw = random.Random(7)

    def thing():
        return f"a {draw.choice(COLORS)} {draw.choice(SHAPES)}"

    for index in range(count):
        things = [thing() for _ in range(draw.randint(1, 4))]
        reference = " and ".join(things)
        spoiled = [thing() if draw.random() < 0.4 else one for one in things]
        if draw.random() < 0.3:
            spoiled.append(thing())
        references = [reference]
        if index % 3 == 0:
            references.append("there is " + " next to ".join(things))
        yield " and ".join(spoiled), references


def sentence_bleu(candidate, references):
    return {
        method: sacrebleu.sentence_bleu(
            candidate, references, smooth_method=method, use_effective_order=True
        ).score / 100
        for method in ("exp", "floor", "add-k", "none")
    }


def rouge_l(candidate, references):
    scorer = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)
    best = scorer.score_multi(references, candidate)["rougeL"]
    return {"precision": best.precision, "recall": best.recall, "fmeasure": best.fmeasure}


def cider(pairs):
    scorer = CiderScorer()
    for candidate, references in pairs:
        scorer += (candidate, references)
    mean, scores = scorer.compute_score()
    return float(mean), [float(score) for score in scores]


def trl_cosine(limit, right):
    """TRL's own class, correctness given: the module around it asks for a mathematics package."""
    path = distribution("trl").locate_file("trl/rewards/accuracy_rewards.py")
    tree = ast.parse(path.read_text(encoding="utf8"))
    tree.body = [node for node in tree.body if getattr(node, "name", "") == "_CosineScaledReward"]
    names = {"math": math, "accuracy_reward": lambda completions, solution: [right] * len(completions)}
    exec(compile(tree, str(path), "exec"), names)
    reward = names["_CosineScaledReward"](limit, -1.0, -0.5, 0.5, 1.0)
    return lambda lengths: reward([None] * len(lengths), [None] * len(lengths), [[0] * n for n in lengths])


def trl_module():
    path = distribution("trl").locate_file("trl/rewards/other_rewards.py")
    spec = importlib.util.spec_from_file_location("other_rewards", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def shaping():
    trl = trl_module()
    draw = random.Random(11)
    completions = [[], [1], [1, 2], [1, 2, 3, 4], [5] * 9, [1, 2] * 6]
    completions += [[draw.randint(0, most) for _ in range(draw.randint(1, 40))] for most in (1, 2, 3, 5, 9) for _ in range(3)]
    repetition = [
        {"ngram": size, "values": trl.get_repetition_penalty_reward(size, -1.0)(completions)}
        for size in (1, 2, 3, 4)
    ]
    lengths = list(range(0, 111, 5))
    overlong = [
        {"limit": 100, "buffer": size, "values": trl.get_soft_overlong_punishment(100, size)([[0] * n for n in lengths])}
        for size in (1, 20, 50)
    ]
    cosine = [
        {"limit": limit, "right": right, "values": trl_cosine(limit, right)(lengths)}
        for limit in (60, 100)
        for right in (1, 0)
    ]
    return {
        "completions": completions,
        "repetition": repetition,
        "lengths": lengths,
        "overlong": overlong,
        "cosine": cosine,
    }


def main(path):
    pairs = WRITTEN + list(generated(36))
    longest = max(len(references) for _, references in pairs)
    candidates = [candidate for candidate, _ in pairs]
    columns = [[refs[i] if i < len(refs) else None for _, refs in pairs] for i in range(longest)]
    mean, ciders = cider(pairs)
    result = {
        "versions": {name: version(name) for name in ("sacrebleu", "rouge-score", "pycocoevalcap", "trl")},
        "corpus": {
            "bleu": {
                method: sacrebleu.corpus_bleu(candidates, columns, smooth_method=method).score / 100
                for method in ("exp", "floor", "add-k", "none")
            },
            "cider": mean,
        },
        "pairs": [
            {
                "candidate": candidate,
                "references": references,
                "bleu": sentence_bleu(candidate, references),
                "rougeL": rouge_l(candidate, references),
                "cider": score,
            }
            for (candidate, references), score in zip(pairs, ciders, strict=True)
        ],
        "shaping": shaping(),
    }
    with open(path, "w", encoding="utf8") as file:
        json.dump(result, file, indent=1, ensure_ascii=False)
        file.write("\n")


main(sys.argv[1])
