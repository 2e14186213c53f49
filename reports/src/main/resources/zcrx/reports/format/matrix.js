// SPDX-License-Identifier: MIT
// Without the characters that XML escapes: a browser takes a script as it stands.
const rows = document.querySelectorAll(".rules tbody tr");
document.getElementById("filter").addEventListener("input", function (event) {
    const wanted = event.target.value.toLowerCase();
    for (const row of rows) {
        row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
});
