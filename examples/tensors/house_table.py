# %% [markdown]
# # A table becomes a tensor
#
# A table of four houses, in which things are missing: how many rooms three of them have, and what alley leads to
# three.

# %%
from pathlib import Path

import pandas as pd

import srcad.tensor as torch

# `__file__` is missing in a notebook.
folder = Path(__file__).parent if "__file__" in globals() else Path()
table = pd.read_csv(folder / "house_tiny.csv")
print(table)

# %% [markdown]
# ## Missing values
# One can leave rows out, or fill what is missing in.  A number is filled in by the mean of its column.  The price
# is what is to be predicted, the other columns are what it is predicted from.

# %%
inputs, outputs = table.iloc[:, 0:2], table.iloc[:, 2]
inputs = inputs.fillna(inputs.mean(numeric_only=True))
print(inputs)
assert inputs["NumRooms"].tolist() == [3, 2, 4, 3]

# %% [markdown]
# A category becomes one column for each of its values, with a 1 where the house has it; "not there" is a value,
# too.

# %%
inputs = pd.get_dummies(inputs, dummy_na=True, dtype=int)
print(inputs)
assert list(inputs.columns) == ["NumRooms", "Alley_Pave", "Alley_nan"]

# %% [markdown]
# ## Tensors
# Now every entry is a number.

# %%
X, y = torch.tensor(inputs.to_numpy(dtype=float)), torch.tensor(outputs.to_numpy(dtype=float))
print(X)
print(y)
assert X.dtype == torch.float64 and X.shape == (4, 3)
assert X.tolist() == [[3, 1, 0], [2, 0, 1], [4, 0, 1], [3, 0, 1]]

# %% [markdown]
# Four houses and three numbers for each are enough for a line: the weights that make the squared error least, where
# its gradient vanishes.

# %%
scaled = y / 1000
w = torch.zeros(3, dtype=torch.float64, requires_grad=True)
for _ in range(6000):
    loss = ((X @ w - scaled) ** 2).mean()
    loss.backward()
    with torch.no_grad():
        w -= 0.09 * w.grad
        w.grad.zero_()
print("thousands a room, with a paved alley, without one:", w.detach())
assert torch.allclose(w.detach(), torch.linalg.pinv(X) @ scaled, rtol=1e-6)
