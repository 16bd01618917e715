"""TrainingPanel's training in a browser: the model before which the playground and the pages put its view.

`training_model.js` steers a training of the engine's and answers as `lenet_edu/widgets/training_panel.py`
does. The other files are its parts: what can be chosen (`choices.js`, `settings.js`), networks (`plans.js`),
data (`library.js`), what is seen (`looks.js`) and the runs that the browser keeps (`run_records.js`).
"""
