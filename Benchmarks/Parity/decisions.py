"""What Assay wrote into a model and into decisions.jsonl, for the comparisons beside this file."""
import json

import numpy as np


class Rules:
    """A model's labels and thresholds, and the verdicts that they lead to."""

    def __init__(self, session):
        properties = session.get_modelmeta().custom_metadata_map
        self.labels = json.loads(properties["assay.labels"])
        self.thresholds = json.loads(properties["assay.thresholds"])
        self.good = properties.get("assay.good")

    def verdict(self, p):
        """Decision and label that these probabilities lead to, by the model's own thresholds."""
        defects = [i for i, label in enumerate(self.labels) if label != self.good]
        leading = max(defects, key=lambda i: p[i])
        if self.good is None:
            return ("reject" if p[leading] >= self.thresholds["confidence"] else "review", self.labels[leading])
        s = 1 - p[self.labels.index(self.good)]
        if s < self.thresholds["review"]:
            return "accept", self.good
        return ("review" if s < self.thresholds["reject"] else "reject", self.labels[leading])

    def decisions(self, path):
        """Verdict and scores of every part of a decisions.jsonl."""
        found = {}
        for line in open(path):
            decision = json.loads(line)
            if "scores" not in decision:
                continue  # how the run began and ended
            scores = np.array([decision["scores"][label] for label in self.labels])
            found[stem(decision["id"])] = ((decision["decision"], decision["label"]), scores)
        return found


def stem(name):
    """Folder and name: ids are relative to whatever was given to each command."""
    return "/".join(name.rsplit(".", 1)[0].split("/")[-2:])
