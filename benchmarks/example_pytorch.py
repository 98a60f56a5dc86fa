"""The network and settings of the MNIST example of PyTorch, timed by epoch.

Source: https://github.com/pytorch/examples/blob/main/mnist/main.py. The images are kept in memory
as float32 instead of being loaded by torchvision one by one, which only makes it faster. It is
trained on the same 54,000 images as `tendigits train fast` and validated on the same 6,000. Prints
one JSON object per epoch.
"""

import json
import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from tendigits.data import load_dataset, stratified_split

EPOCHS = 14
BATCH_SIZE = 64
SEED = 0


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 3, 1)
        self.conv2 = nn.Conv2d(32, 64, 3, 1)
        self.dropout1 = nn.Dropout(0.25)
        self.dropout2 = nn.Dropout(0.5)
        self.fc1 = nn.Linear(9216, 128)
        self.fc2 = nn.Linear(128, 10)

    def forward(self, images: Tensor) -> Tensor:
        x = functional.relu(self.conv1(images))
        x = functional.relu(self.conv2(x))
        x = self.dropout1(functional.max_pool2d(x, 2)).flatten(1)
        x = self.dropout2(functional.relu(self.fc1(x)))
        return functional.log_softmax(self.fc2(x), dim=1)


def main() -> None:
    torch.manual_seed(SEED)
    train = load_dataset("mnist").train
    split = stratified_split(train.labels, 0.1, SEED)
    images = ((torch.from_numpy(train.images)[:, None] / 255) - 0.1307) / 0.3081
    labels = torch.from_numpy(train.labels)
    trained_on, held_out = torch.from_numpy(split.train), torch.from_numpy(split.validation)
    network = Net()
    optimizer = torch.optim.Adadelta(network.parameters(), lr=1.0)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=1, gamma=0.7)
    seconds = 0.0
    for _ in range(EPOCHS):
        started = time.perf_counter()
        network.train()
        for chosen in trained_on[torch.randperm(len(trained_on))].split(BATCH_SIZE):
            optimizer.zero_grad()
            loss = functional.nll_loss(network(images[chosen]), labels[chosen])
            torch.autograd.backward(loss)
            optimizer.step()
        scheduler.step()
        seconds += time.perf_counter() - started
        accuracy = validate(network, images[held_out], labels[held_out])
        print(json.dumps({"seconds": seconds, "val_accuracy": accuracy}), flush=True)


@torch.inference_mode()
def validate(network: nn.Module, images: Tensor, labels: Tensor) -> float:
    network.eval()
    correct = [
        network(part).argmax(1) == truth
        for part, truth in zip(images.split(1000), labels.split(1000), strict=True)
    ]
    return torch.cat(correct).double().mean().item()


if __name__ == "__main__":
    main()
