# style.gp - the look of every figure.
#
# Whoever loads a figure's script has set TERM (svg, png, pdf), OUT, DATA, the
# size W and H in pixels, LABEL (columns of the longest label at the left), T
# (the finding) and ST (what was done); the script loads this and says @HEAD.
# Colours are those of Okabe and Ito, which colour-blind readers can tell apart;
# each has one meaning in all figures.
if (!exists("TERM")) TERM = 'svg'
if (!exists("W")) W = 960
if (!exists("H")) H = 540
if (!exists("LABEL")) LABEL = 8
W = 1.0*W; H = 1.0*H                    # a quotient of integers would be cut
PX = (TERM eq 'svg') ? 1.32 : 1.0       # svg counts pixels, cairo points
S9 = sprintf(',%.1f', 9*PX)
S10 = sprintf(',%.1f', 10*PX)
S11 = sprintf(',%.1f', 11*PX)
S14 = sprintf(',%.1f', 14*PX)
set encoding utf8
if (TERM eq 'svg') set terminal svg size int(W),int(H) dynamic noenhanced background '#ffffff' font 'DejaVu Sans,Arial,sans-serif,14' linewidth 1.2
if (TERM eq 'png') set terminal pngcairo size int(W),int(H) noenhanced background '#ffffff' font 'DejaVu Sans,11' linewidth 1.2
if (TERM eq 'pdf') set terminal pdfcairo size W/96.0,H/96.0 noenhanced font 'DejaVu Sans,10' linewidth 1.2
set output OUT

OLD = '#56B4E9'; NEW_COLOUR = '#0072B2'; FAILED = '#D55E00'
PENDING = '#C8C8C8'; PULLING = '#F0E442'; STARTING = '#E69F00'; STOPPING = '#8C8C8C'
old = OLD; new = NEW_COLOUR; failed = FAILED; pending = PENDING; pulling = PULLING; starting = STARTING; stopping = STOPPING
rolling = '#0072B2'; recreate = '#D55E00'; canary = '#E69F00'; bluegreen = '#009E73'
abtest = '#56B4E9'; shadow = '#7A7A7A'; other = '#CC79A7'
array TEXT_OF[7] = ['#005F96', '#B34E00', '#8F6200', '#00704F', '#1F78B0', '#5F5F5F', '#9C4F78']
OLD_TEXT = '#1F78B0'; NEW_TEXT = '#005F96'; FAILED_TEXT = '#B34E00'
INK = '#222222'; GREY = '#666666'; GRID = '#E3E3E3'
number(hex) = int('0x'.hex[2:7])
colour(name) = number(value(name))      # of a state or a kind of strategy, for "lc rgb variable"
pale(name) = (0xA0 << 24) + colour(name)
# its darker twin for text on white: contrast at least 4.5:1
dark(name) = number(name eq 'rolling' ? TEXT_OF[1] : name eq 'recreate' ? TEXT_OF[2] : name eq 'canary' ? TEXT_OF[3] : name eq 'bluegreen' ? TEXT_OF[4] : name eq 'abtest' ? TEXT_OF[5] : name eq 'shadow' ? TEXT_OF[6] : TEXT_OF[7])
LEFT = (30 + 8.4*LABEL)/W               # where the drawing begins beside labels

set border 3 lc rgb '#999999' lw 0.8
set tics out nomirror scale 0.5 textcolor rgb GREY
set grid ytics lc rgb GRID lw 0.8 lt 1
set xlabel textcolor rgb GREY
set ylabel textcolor rgb GREY
set key off
set style fill solid 1.0 noborder
set lmargin 10; set rmargin 4; set tmargin 5; set bmargin 4.4
set macros
HEAD = 'set label 901 T at screen 0.02,(1-26.0/H) left front font S14 textcolor rgb INK; set label 902 ST at screen 0.02,(1-48.0/H) left front font S10 textcolor rgb GREY'
