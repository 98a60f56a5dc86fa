"""The final test of a run: the test set is opened once, after the training."""

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter
from torch import nn

from tendigits.classifiers import Classifier, Predictions
from tendigits.data import Dataset, LabelledImages
from tendigits.data.synthetic import draw_ood_images
from tendigits.evaluation.metrics import Metrics, find_errors, measure
from tendigits.evaluation.plots import (
    BLUE,
    RED,
    new_figure,
    plot_confusion,
    plot_worst_errors,
    save,
)
from tendigits.evaluation.validation import Validation, validate
from tendigits.files import write_json, write_text
from tendigits.networks import classifier_of_network
from tendigits.recipes import Recipe
from tendigits.training.history import EpochResult, read_history
from tendigits.training.model_card import model_card
from tendigits.training.run_folder import Run, read_record
from tendigits.training.train_run import RunLog
